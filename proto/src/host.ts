/**
 * Which host this is, for Unix sockets: two processes may use each other's socket paths when they share a kernel and see the same files.
 * Containers of one kernel have the same boot id, and often the same paths for different sockets, so the mount namespace is part of it.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** '' where it cannot be told: sockets are not used then. */
export function hostId(): string {
  try {
    const kernel = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const files = readlinkSync('/proc/self/ns/mnt');
    return `${kernel}/${files.replace(/\D/g, '')}`;
  } catch {
    return '';
  }
}
