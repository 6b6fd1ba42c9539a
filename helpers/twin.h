/*
 * twin -- two names in a Maildir that differ in flags or folder alone, as no
 * letter of its own should have: a program stopped in the midst of a move by
 * link and unlink, or something copied files or brought them back.
 */
#ifndef TWIN_H
#define TWIN_H

#include "maildir.h"
#include "owner.h"

/* Room for "new/" and a name. */
#define TWIN_FILE_MAX (4 + MAILDIR_NAME_MAX)

enum twin_result {
	TWIN_ONE,     /* of the two names, one is left, or but one was there */
	TWIN_RENAMED, /* two letters: one has another name by now */
	TWIN_FAILED   /* two letters, and no other name can be given */
};

/*
 * Settles it.  One file under both names loses one, so that its removal is one.
 * Two files are two letters, of which none may be hidden: one gets a name that
 * none has.  first gets what keeps its name (the one in cur/, if one is), where
 * any is left; second what was renamed.  The process acts as itself before and
 * after.
 */
enum twin_result twin_settle(const struct owner *o, char first[TWIN_FILE_MAX],
    char second[TWIN_FILE_MAX]);

#endif
