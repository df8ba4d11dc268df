/** What goes through the queues. */
export interface Order {
  readonly id: number;
  readonly card: 'good' | 'declined';
}
