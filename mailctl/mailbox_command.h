/*
 * mailbox_command -- the commands of mailctl about mailboxes.  As struct
 * command's run.
 */
#ifndef MAILBOX_COMMAND_H
#define MAILBOX_COMMAND_H

#include "client.h"

enum client_exit mailbox_command_list(int fd, char **args, int count);
enum client_exit mailbox_command_check(int fd, char **args, int count);
enum client_exit mailbox_command_repair(int fd, char **args, int count);
enum client_exit mailbox_command_visit(int fd, char **args, int count);
enum client_exit mailbox_command_import(int fd, char **args, int count);
enum client_exit mailbox_command_xuidl(int fd, char **args, int count);

#endif
