/** Tells what is being proved, and how long it took. */
export function steps() {
  const began = performance.now();
  let last = began;
  return {
    done(text) {
      const now = performance.now();
      console.log(`✓ ${text} (${seconds(now - last)})`);
      last = now;
    },
    end: (text) => console.log(`${text} in ${seconds(performance.now() - began)}.`),
  };
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
