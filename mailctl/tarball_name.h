/*
 * tarball_name -- names that the members of an archive may have: what is
 * written is what will be read again.
 */
#ifndef TARBALL_NAME_H
#define TARBALL_NAME_H

#define TARBALL_NAME_MAX 1024 /* with its NUL */

/* Whether it is a relative path that leads nowhere else: no part is empty or
 * has dots alone, and no octet is a control character. */
int tarball_name_is_plain(const char *name);

/*
 * The name of an absolute path below folder ("files"), to
 * name[TARBALL_NAME_MAX]:
 * "//x/./y/" and "/x/y" have the same; a path with ".." is looked up.  0, or
 * -1 with errno.
 */
int tarball_name_of(const char *folder, const char *path, char *name);

#endif
