/*
 * token_client -- accounts' way to the processes that read tokens (token.h), or
 * have a program read them (program.h), where the conf names one.
 */
#ifndef TOKEN_CLIENT_H
#define TOKEN_CLIENT_H

#include "sasl.h"

#include <stdint.h>

struct delay_who;

/*
 * Whose the token is, to name[WIRE_NAME_MAX]: SASL_OK, SASL_DENIED or
 * SASL_TEMPORARY.  who, deadline: as in pool_call.  Waits.
 */
enum sasl_result token_client_verify(const struct delay_who *who,
    const char *token, char *name, int64_t deadline);

#endif
