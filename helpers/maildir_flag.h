/*
 * maildir_flag -- flags of letters: what stands behind ":2," in a name.  As
 * maildir.h, with the rights of the owner.
 */
#ifndef MAILDIR_FLAG_H
#define MAILDIR_FLAG_H

#include <stddef.h>

/*
 * The name under which a letter of this name lies in cur/ with one flag more
 * (a capital letter; they stand in order).  0; 1 where it has it; -1 where its
 * name leaves no room.
 */
int maildir_flagged(const char *name, char flag, char *to, size_t size);

/* Gives a letter a flag, wherever it lies now, which moves it to cur/.  0 (also
 * where it has the flag, or has gone), or -1 with errno. */
int maildir_flag(const char *path, const char *file, char flag);

#endif
