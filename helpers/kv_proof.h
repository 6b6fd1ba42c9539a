/*
 * kv_proof -- whether a Berkeley DB environment's log may be recovered from.
 *
 * Recovery takes a damaged record for the log's end, and takes back what it
 * holds of the transaction before it; if the tables have got that transaction
 * and later ones already, they are torn, and nobody says a word.
 */
#ifndef KV_PROOF_H
#define KV_PROOF_H

/*
 * Compares the log's end with the latest change that a page of the tables
 * (files in folder; those that are not there do not count) has seen: each page
 * goes to the disk after the log of its changes.  To be called before the
 * recovery.  Reads the tables once.  Returns 0, or after a log line a code of
 * Berkeley DB's: DB_VERIFY_BAD where the log ends too early.
 */
int kv_proof_log(const char *folder, const char *const *tables, int count);

#endif
