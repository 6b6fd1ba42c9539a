/*
 * backup_command -- mailctl backup and mailctl restore.  Each as command_local
 * (command.h) says.
 */
#ifndef BACKUP_COMMAND_H
#define BACKUP_COMMAND_H

#include "client.h"

/* What may stand behind "restore". */
#define BACKUP_COMMAND_RESTORE_USAGE "[--check | --force] FILE"

/* backup: accounts, UIDLs and confs of services that run, into one file. */
enum client_exit
backup_command_backup(const char *folder, char **args, int count);

/* restore: such a file to where its parts belong. */
enum client_exit
backup_command_restore(const char *folder, char **args, int count);

#endif
