/*
 * where -- where the helper's admin socket is.
 */
#ifndef WHERE_H
#define WHERE_H

#include <stddef.h>

#define WHERE_RUN     "/run/ringmail"
#define WHERE_SOCKET  "admin/accounts"
#define WHERE_DEFAULT WHERE_RUN "/" WHERE_SOCKET

/*
 * The socket's path to path[size], by the run folder in the helpers' conf.
 * Whatever else stands there is passed over: the helpers check it.  0, or -1
 * after a line on standard error.
 */
int where_from_conf(const char *conf, char *path, size_t size);

#endif
