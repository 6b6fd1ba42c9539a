/*
 * init_conf -- the short confs of a new set-up.
 */
#ifndef INIT_CONF_H
#define INIT_CONF_H

/* What a new set-up is to be like; borrowed. */
struct init {
	const char *folder; /* of the confs */
	const char *domain, *hostname;
	const char *below;	 /* where run, state and mail are; NULL: as
				    the defaults have them */
	const char *certificate; /* of the host; NULL: there is none yet */
	int is_forced;		 /* what is there is put aside */
	int adds_user;		 /* the postmaster */
};

/* Whether none of the confs is there, or they may be put aside: 0, or -1 after
 * lines on standard error. */
int init_conf_check(const struct init *i);

/* Writes the three confs, each whole or not at all, and the folders beside
 * them: 0, or -1 after a line on standard error. */
int init_conf_write(const struct init *i);

#endif
