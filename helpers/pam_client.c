#include "pam_client.h"

#include "log.h"
#include "packet.h"
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum password_result
read_reply(struct packet *reply)
{
	uint8_t is_right;

	if (reply->head.status != PACKET_OK)
		return PASSWORD_FAILED;
	is_right = packet_get_u8(reply);
	if (packet_end(reply) == -1)
		return PASSWORD_FAILED;
	return is_right == 1 ? PASSWORD_GOOD : PASSWORD_WRONG;
}

enum password_result
pam_client_verify(struct pool *pool, const struct delay_who *who,
    const char *name, const char *password, int64_t deadline)
{
	enum password_result result = PASSWORD_BUSY;
	struct packet request, reply;
	char user[WIRE_NAME_MAX];

	if (pool == NULL) {
		log_error("pam.off", log_text("user", name));
		return PASSWORD_FAILED;
	}
	snprintf(user, sizeof(user), "%s", name);
	user[strcspn(user, "@")] = '\0';
	packet_init(&request, WIRE_PAM_VERIFY);
	packet_init(&reply, 0);
	packet_put_text(&request, user);
	packet_put_text(&request, password);
	if (pool_call(pool, who, &request, &reply, deadline) == 0) {
		result = read_reply(&reply);
	} else if (errno != EAGAIN && errno != ETIMEDOUT &&
		   errno != ECANCELED) {
		log_error("pam.failed", log_errno(errno));
		result = PASSWORD_FAILED;
	}
	packet_free(&request);
	packet_free(&reply);
	return result;
}
