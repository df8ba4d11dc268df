import type { Pattern } from '../address.js';
import type { InterestTable } from '../interest-table.js';
import type { Dealer } from '../calls/dealer.js';
import { isUntold } from '../address.js';
import type { InterestView, ProcedureView, RealmView, SessionView } from './realm-view.js';
import type { SessionTable } from './session-table.js';
import type { SessionHolder } from './session-entry.js';

/** What a realm holds now, read where it is kept. */
export class LiveView implements RealmView {
  constructor(
    private readonly sessionTable: SessionTable<SessionHolder>,
    private readonly dealer: Dealer,
    private readonly interestTable: InterestTable,
  ) {}

  sessions(): Iterable<SessionView> {
    return this.sessionTable.sessions();
  }

  session(id: number): SessionView | undefined {
    return this.sessionTable.find(id)?.entry;
  }

  procedures(): Iterable<ProcedureView> {
    return this.dealer.all();
  }

  procedure(id: number): ProcedureView | undefined {
    return this.dealer.ofId(id);
  }

  procedureOf(pattern: Pattern): ProcedureView | undefined {
    return this.dealer.get(pattern);
  }

  procedureFor(uri: string): ProcedureView | undefined {
    return this.dealer.bestMatch(uri);
  }

  interests(): Iterable<InterestView> {
    return this.interestTable.all();
  }

  interest(id: number): InterestView | undefined {
    return this.interestTable.ofId(id);
  }

  interestOf(pattern: Pattern): InterestView | undefined {
    return isUntold(pattern) ? undefined : this.interestTable.get(pattern);
  }

  interestsIn(topic: string): readonly InterestView[] {
    const found: InterestView[] = [];
    if (isUntold({ match: 'exact', text: topic })) return found;
    this.interestTable.matchAll(topic, (interest) => found.push(interest));
    return found;
  }
}
