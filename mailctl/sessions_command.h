/*
 * sessions_command -- the live sessions of smtpd and pop3d: lists them, ends
 * one.  As command_local (command.h) says.
 */
#ifndef SESSIONS_COMMAND_H
#define SESSIONS_COMMAND_H

#include "client.h"

#define SESSIONS_COMMAND_USAGE "[list [smtpd|pop3d]...|drop ID...]"
#define SESSIONS_COMMAND_MOST  1025

enum client_exit
sessions_command_run(const char *folder, char **args, int count);

#endif
