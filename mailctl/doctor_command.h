/*
 * doctor_command -- looks over the whole set-up, and says what is wrong and
 * what to do about it.  As command_local (command.h) says.
 */
#ifndef DOCTOR_COMMAND_H
#define DOCTOR_COMMAND_H

#include "client.h"

#define DOCTOR_COMMAND_USAGE "[conf|dns|ports|clock|tls|files|limits]..."
#define DOCTOR_COMMAND_MOST  7

/* CLIENT_OK: nothing is wrong; CLIENT_WARNED: mail flows; CLIENT_REFUSED:
 * something is broken. */
enum client_exit doctor_command_run(const char *folder, char **args, int count);

#endif
