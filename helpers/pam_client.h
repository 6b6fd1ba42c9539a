/*
 * pam_client -- accounts' way to the process that asks PAM (pam.c).
 */
#ifndef PAM_CLIENT_H
#define PAM_CLIENT_H

#include "password.h"

/*
 * Whether PAM takes the password of the system user whom name (user@domain)
 * begins with.  pool: the way to the processes (pool.h), NULL where
 * helpers.conf names no service: then it is PASSWORD_FAILED.  As
 * password_verify else; what PAM said is not remembered.
 */
enum password_result
pam_client_verify(struct pool *pool, const struct delay_who *who,
    const char *name, const char *password, int64_t deadline);

#endif
