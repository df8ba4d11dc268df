import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import { Consume, Ctx, Payload } from 'mangrove/nest';
import type { MangroveContext } from 'mangrove/nest';
import type { Order } from './order.js';

/** A worker in the shop's Nest application: ships what was charged, and hears what could not be. */
@Injectable()
export class Warehouse extends EventEmitter<{ done: [] }> {
  /** A real one has a table: a message may come twice, and is worked on once because its id says so. */
  readonly shipped = new Set<number>();
  readonly declined = new Set<number>();

  @Consume('orders.ship')
  ship(@Payload() { id }: Order): void {
    if (this.shipped.has(id)) return;
    this.shipped.add(id);
    console.log(`ship: order ${id}`);
    this.emit('done');
  }

  @Consume('orders.charge.dead')
  decline(@Payload() { id }: Order, @Ctx() message: MangroveContext): void {
    if (message.kind !== 'message') return;
    const { reason, deliveries } = message.death!;
    this.declined.add(id);
    console.log(`dead letter: order ${id}, ${reason} after ${deliveries} deliveries`);
    this.emit('done');
  }
}
