/*
 * alias_command -- the commands of mailctl about aliases, and about from whom
 * an address takes mail.  As struct command's run.
 */
#ifndef ALIAS_COMMAND_H
#define ALIAS_COMMAND_H

#include "client.h"

enum client_exit alias_command_add(int fd, char **args, int count);
enum client_exit alias_command_del(int fd, char **args, int count);
enum client_exit alias_command_list(int fd, char **args, int count);
enum client_exit alias_command_check(int fd, char **args, int count);
enum client_exit alias_command_rule_set(int fd, char **args, int count);
enum client_exit alias_command_rule_del(int fd, char **args, int count);
enum client_exit alias_command_rule_list(int fd, char **args, int count);

#endif
