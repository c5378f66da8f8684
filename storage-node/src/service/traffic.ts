/** What the node has done since it started; only ever counted up. */
export class Traffic {
  puts = 0;
  putBytes = 0;
  putsRefused = 0;
  gets = 0;
  getBytes = 0;
  getsDamaged = 0;
  deletes = 0;
  syncs = 0;
  syncedRecords = 0;
}
