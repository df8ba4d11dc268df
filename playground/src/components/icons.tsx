/** The mark of Mangrove: one stem, roots of two colours. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 44 44" aria-hidden="true">
      <g fill="none" stroke-linecap="round" stroke-width="3">
        <path class="stem" d="M22 4v13" />
        <path class="left" d="M22 17c-1.300 7-11 8-13.500 22M22 17c-.6 8-4.500 10-5 22" />
        <path class="right" d="M22 17c1.300 7 11 8 13.500 22M22 17c.6 8 4.500 10 5 22" />
        <path
          class="water"
          d="M3 30.500c3.200-2.200 6.300-2.200 9.500 0s6.300 2.200 9.500 0 6.300-2.200 9.500 0 6.300 2.200 9.500 0"
        />
      </g>
    </svg>
  );
}
