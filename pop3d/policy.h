/*
 * policy -- what the conf makes of a maildrop at login: letters that are too
 * large are hidden, those that are too old are removed, and some maildrops are
 * for reading alone.
 */
#ifndef POLICY_H
#define POLICY_H

#include "session.h"

/*
 * Applies it to the maildrop that was just opened.  Reads as many of its rows
 * as it must: none where the conf asks for nothing, and those of old letters
 * where it has an age alone.  Waits.  0, or -1: its index is damaged, or memory
 * is out.
 */
int policy_apply(struct pop3 *p);

/* Whether one of the items ("user@domain", "@domain") stands for the mailbox.
 */
int policy_names(const struct conf_list *items, const char *name);

/* The days that EXPIRE announces (RFC 2449 6.7), or -1: for ever. */
int64_t policy_days(const struct settings *conf);

#endif
