/*
 * doctor_parts -- what the checks of doctor make of what they have looked at:
 * apart from the looking, so that tests can show them what no machine has.
 */
#ifndef DOCTOR_PARTS_H
#define DOCTOR_PARTS_H

#include "doctor.h"

#include <sys/timex.h>
#include <time.h>

/* The users that helpers.conf, smtpd.conf and pop3d.conf name. */
void doctor_conf_users(struct doctor *d);

/* What the resolver behind fd, which speaks as WIRE_RESOLVE wants, says of the
 * host (-1: it has no answer), and of a domain. */
int doctor_dns_host(struct doctor *d, int fd);
void doctor_dns_domain(struct doctor *d, int fd, const char *domain);

/* Where a folder lies. */
struct doctor_mount {
	char type[64], options[1024], on[CONF_DUMP_VALUE_MAX];
};

/* Whether what was synced there is there after the power has failed. */
void doctor_files_promises(
    struct doctor *d, const char *what, const struct doctor_mount *m);

/* So many things of all are left. */
void doctor_files_left(struct doctor *d, const char *what, const char *things,
    unsigned long long left, unsigned long long all);

/* The clock shows `now`, and adjtimex returned state, and filled t. */
void doctor_host_clock(
    struct doctor *d, time_t now, int state, const struct timex *t);

/* What the kernel allows (-1: not known), for so many sessions. */
void doctor_host_limits(
    struct doctor *d, long long backlog, long long files, long long sessions);

/* What a process may have open, for so many sessions. */
void doctor_host_files(
    struct doctor *d, const char *program, long long limit, long long sessions);

#endif
