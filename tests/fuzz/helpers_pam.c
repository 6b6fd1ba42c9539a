/*
 * helpers_pam -- the table of the PAM helper, with a module that asks what the
 * input has, in the place of the system's: any questions in any number.
 *
 * Input: a request after the other; its kind, what stands in it, and what the
 * module does.
 */
#include <security/pam_appl.h>

/* The target's own, in the place of libpam's. */
#define pam_start	 fake_start
#define pam_set_item	 fake_set_item
#define pam_authenticate fake_authenticate
#define pam_acct_mgmt	 fake_acct_mgmt
#define pam_end		 fake_end
#define pam_strerror	 fake_strerror

static int fake_start(const char *service, const char *user,
    const struct pam_conv *talk, pam_handle_t **pam);
static int fake_set_item(pam_handle_t *pam, int item, const void *value);
static int fake_authenticate(pam_handle_t *pam, int flags);
static int fake_acct_mgmt(pam_handle_t *pam, int flags);
static int fake_end(pam_handle_t *pam, int code);
static const char *fake_strerror(pam_handle_t *pam, int code);

#include "../../helpers/pam.c"

#include "table.h"

static char service_name[] = "fuzz";
static struct helpers_conf conf = {.pam_service = service_name};
static const struct helper own = {.conf = &conf};
static struct pam_conv conversation;
static int started, authenticated;
/* What the module meant, in the order in which it was asked. */
static int verdicts[TABLE_REQUESTS];
static unsigned asked, answered;

static int
fake_start(const char *service, const char *user, const struct pam_conv *talk,
    pam_handle_t **pam)
{
	if (started || strcmp(service, service_name) != 0 || user == NULL)
		abort();
	authenticated = 0;
	verdicts[asked++] = 0;
	if (table_u8() == 1)
		return PAM_SYSTEM_ERR;
	started = 1;
	conversation = *talk;
	*pam = (pam_handle_t *)(void *)&started;
	return PAM_SUCCESS;
}

static int
fake_set_item(pam_handle_t *pam, int item, const void *value)
{
	(void)pam;
	(void)item;
	(void)value;
	return PAM_SUCCESS;
}

static const char *
fake_strerror(pam_handle_t *pam, int code)
{
	(void)pam;
	(void)code;
	return "no";
}

/* A module's questions, and what it does with the answers. */
static void
ask(int count)
{
	struct pam_message messages[PAM_MAX_NUM_MSG + 2];
	const struct pam_message *shown[PAM_MAX_NUM_MSG + 2];
	struct pam_response *answers = NULL;

	for (int i = 0; i < count; i++) {
		messages[i].msg_style = table_u8() % 6;
		messages[i].msg = "?";
		shown[i] = &messages[i];
	}
	if (conversation.conv(count, shown, &answers,
		conversation.appdata_ptr) != PAM_SUCCESS)
		return;
	for (int i = 0; i < count; i++)
		free(answers[i].resp);
	free(answers);
}

static int
fake_authenticate(pam_handle_t *pam, int flags)
{
	int code = table_u8() % 34;

	(void)pam;
	(void)flags;
	for (int n = table_u8() % 3; n > 0; n--)
		ask(table_u8() % (PAM_MAX_NUM_MSG + 3));
	authenticated = code == PAM_SUCCESS;
	return code;
}

static int
fake_acct_mgmt(pam_handle_t *pam, int flags)
{
	int code = table_u8() % 34;

	(void)pam;
	(void)flags;
	authenticated &= code == PAM_SUCCESS;
	return code;
}

static int
fake_end(pam_handle_t *pam, int code)
{
	(void)pam;
	(void)code;
	started = 0;
	verdicts[asked - 1] = authenticated;
	return PAM_SUCCESS;
}

/* Whoever is let in was meant; a module in trouble lets nobody in. */
static void
check(struct packet *reply)
{
	const int meant = verdicts[answered++];

	if (answered > asked || started)
		abort();
	if (reply->head.status == PACKET_TEMPORARY)
		return;
	if (packet_get_u8(reply) != meant || packet_end(reply) == -1)
		abort();
}

static void
first_fiber(void *arg)
{
	int fd = table_attach(&server, ROLE_ACCOUNTS);
	struct packet p;

	(void)arg;
	asked = answered = 0;
	for (int n = 0; n < TABLE_REQUESTS && table_input.left > 0; n++) {
		packet_init(&p, WIRE_PAM_VERIFY);
		if (table_u8() > 220) {
			table_put_raw(&p);
		} else {
			table_put_octets(&p, WIRE_NAME_MAX + 4);
			table_put_octets(&p, WIRE_PASSWORD_MAX + 4);
			table_spoil(&p);
		}
		table_send(fd, &p, check);
	}
	table_end(fd, check);
	if (asked != answered)
		abort();
	worker_stop();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	helper = &own;
	return table_run(data, size, first_fiber);
}
