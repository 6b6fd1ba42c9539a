/*
 * uidl_import -- takes over the UIDLs that another server has told clients of,
 * from the file that it kept in the Maildir: dovecot-uidlist (Dovecot, with its
 * usual pop3_uidl_format %08Xu%08Xv, or UIDLs stored there),
 * courierpop3dsizelist (Courier), or cyrus.index (Cyrus, whose letters keep
 * their names: "12." in new/ or cur/); where several are there, the newest
 * counts first.  Or from the field X-UIDL of each letter, which anybody may
 * have written: only when asked to.
 */
#ifndef UIDL_IMPORT_H
#define UIDL_IMPORT_H

#include "owner.h"
#include "uidl.h"

enum uidl_source { UIDL_OF_FILES, UIDL_OF_HEADERS, UIDL_SOURCES };

struct uidl_import {
	uint32_t found;	  /* lines that name a letter and its UIDL */
	uint32_t added;	  /* UIDLs that are new */
	uint32_t skipped; /* lines that can't be read, doubles */
};

/*
 * Adds them to u (uidls_load).  Reads with the owner's rights, and lets others
 * work as u does.  0, or -1 with errno; ENOENT: there is no such file.
 */
int uidl_import(struct uidls *u, const struct owner *o, enum uidl_source source,
    struct uidl_import *counts);

#endif
