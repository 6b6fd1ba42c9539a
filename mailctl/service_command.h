/*
 * service_command -- the commands about services that run, and their confs.
 * Each as command_local (command.h) says.
 */
#ifndef SERVICE_COMMAND_H
#define SERVICE_COMMAND_H

#include "client.h"

/* conf: what differs from the defaults. */
enum client_exit
service_command_conf(const char *folder, char **args, int count);

/* reload: checks the confs, and has the services read them. */
enum client_exit
service_command_reload(const char *folder, char **args, int count);

/* upgrade: checks the confs, and has the services become the programs that are
 * installed by now. */
enum client_exit
service_command_upgrade(const char *folder, char **args, int count);

/* loglevel: until the next reload. */
enum client_exit
service_command_loglevel(const char *folder, char **args, int count);

#endif
