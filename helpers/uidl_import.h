/*
 * uidl_import -- takes over the UIDLs that another server has told clients of,
 * from the file that it keeps in the Maildir: dovecot-uidlist (Dovecot, with
 * its usual pop3_uidl_format %08Xu%08Xv, or UIDLs stored there) or
 * courierpop3dsizelist (Courier).  Where both are there, the newer one counts
 * first.
 */
#ifndef UIDL_IMPORT_H
#define UIDL_IMPORT_H

#include "owner.h"
#include "uidl.h"

struct uidl_import {
	uint32_t found;	  /* lines that name a letter and its UIDL */
	uint32_t added;	  /* UIDLs that are new */
	uint32_t skipped; /* lines that can't be read, doubles */
};

/*
 * Adds them to u (uidls_load).  Reads with the owner's rights, and lets others
 * work as u does.  0, or -1 with errno; ENOENT: there is no such file.
 */
int
uidl_import(struct uidls *u, const struct owner *o, struct uidl_import *counts);

#endif
