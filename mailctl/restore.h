/*
 * restore -- puts a backup's parts where they belong.
 *
 * All of it is first laid beside the state, in STATE/.restore, and compared
 * with its sums once more; then it is given its names.  What was there stays,
 * as NAME.before-restore-TIME.
 */
#ifndef RESTORE_H
#define RESTORE_H

#include "client.h"
#include "tarball.h"

/*
 * As root, while no helpers run over that state; confs go to folder.  Refuses
 * where there is a state, unless it is forced.  CLIENT_OK, or another code
 * after a line on standard error.
 */
enum client_exit
restore_all(struct tarball_reader *r, const char *folder, int is_forced);

#endif
