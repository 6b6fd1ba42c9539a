/*
 * super_restoring -- what mailctl restore and the helpers know of each other.
 */
#ifndef SUPER_RESTORING_H
#define SUPER_RESTORING_H

/* In the state folder, while some of a backup's parts have their names and
 * others have not: helpers that started over that would know no user. */
#define SUPER_RESTORING ".restoring"

#endif
