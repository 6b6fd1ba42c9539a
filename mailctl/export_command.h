/*
 * export_command -- the commands of mailctl that write all domains, users and
 * aliases to standard output, so that import_command can read them.  As struct
 * command's run.
 */
#ifndef EXPORT_COMMAND_H
#define EXPORT_COMMAND_H

#include "client.h"

#define EXPORT_COMMAND_USER_USAGE  "[--format csv|passwd] [--hashes] [DOMAIN]"
#define EXPORT_COMMAND_ALIAS_USAGE "[--format csv|virtual] [DOMAIN]"
#define EXPORT_COMMAND_MOST	   4

enum client_exit export_command_domain(int fd, char **args, int count);
enum client_exit export_command_user(int fd, char **args, int count);
enum client_exit export_command_alias(int fd, char **args, int count);

#endif
