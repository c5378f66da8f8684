/** What every operation works with. */
import type { CairnClient } from '@cairn/client-sdk';
import type { Principal } from '../authentication/authenticate.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ContinuationTokens } from './continuation-token.ts';

export interface Services {
  client: CairnClient;
  region: string;
  tokens: ContinuationTokens;
}

/** One authenticated request: nobody gets here without a principal. */
export interface Call extends Services {
  exchange: Exchange;
  principal: Principal;
}
