/*
 * backup_parts -- what goes into a backup, part by part; mailctl backup is all
 * of them.  Members of the archive:
 *
 *	INFO		key=value: when and where it was made, and where it goes
 *	conf/NAME.conf	the services' confs
 *	files/PATH	what these name: confs, certificates, keys, lists
 *	FOLDERS		the rights on the folders of these: "750 root mail conf"
 *	mailbox/...	what the mailbox helpers can't make anew
 *	accounts/...	the database
 *
 * Each returns CLIENT_OK, or another code after a line on standard error.
 */
#ifndef BACKUP_PARTS_H
#define BACKUP_PARTS_H

#include "client.h"
#include "tarball.h"

#include <sys/stat.h>
#include <sys/types.h>

#define BACKUP_INFO	"INFO"
#define BACKUP_INFO_MAX 4096
#define BACKUP_FOLDERS	"FOLDERS"
#define BACKUP_CONF	"conf"
#define BACKUP_FILES	"files"

/* INFO's keys. */
#define BACKUP_STATE	     "state" /* helpers.conf's */
#define BACKUP_RUN	     "run"
#define BACKUP_ACCOUNTS_USER "accounts_user"
#define BACKUP_MAILBOX_USER  "mailbox_user"

/* The folders of STATE/mailbox that are taken: "uidl", "visit"; NULL ends. */
extern const char *const backup_mailbox_folders[];

enum client_exit backup_put_info(struct tarball *t, const char *folder);
enum client_exit backup_put_conf(struct tarball *t, const char *folder);
enum client_exit backup_put_mailbox(struct tarball *t, const char *folder);
enum client_exit backup_put_accounts(struct tarball *t, const char *folder);

/* Of all that is in the archive by now. */
enum client_exit backup_put_folders(struct tarball *t, const char *folder);

/* Rights as an archive has them. */
void backup_rights(struct tarball_rights *r, const struct stat *st);

/* A setting of helpers.conf (or another program's) to value[size], its items
 * one a line. */
enum client_exit backup_setting(const char *program, const char *folder,
    const char *name, char *value, size_t size);

/*
 * One file as this member: CLIENT_OK also where it is not there any more, or is
 * no regular file.  owner: whose files alone are taken, and through no link, as
 * who writes there may want to have another's; NULL: all.
 */
enum client_exit backup_put_path(struct tarball *t, const char *path,
    const char *member, const uid_t *owner);

/* Each regular file in the folder PATH, as PREFIX/its name; begins: what their
 * names must begin with. */
enum client_exit backup_put_folder(struct tarball *t, const char *path,
    const char *prefix, const char *begins, const uid_t *owner);

#endif
