#include "meter_table.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const tls[] = {"other", "TLSv1.2", "TLSv1.3"};
static const char *const results[] = {"good", "bad", "temporary"};
static const char *const helpers[] = {
    "accounts", "mailbox", "resolver", "keys", "hasher", "other"};
static const char *const levels[] = {"error", "warn", "info", "debug"};
static const char *const statuses[] = {
    "ok", "refused", "temporary", "gone", "elsewhere"};
static const char *const mechanisms[METER_MECHANISMS] = {"other",
    "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1",
    "PLAIN", "LOGIN", "USER", "EXTERNAL", "OAUTHBEARER", "XOAUTH2", "CRAM-MD5",
    "APOP"};
static const char *const commands[METER_COMMANDS] = {"other", "MAIL", "RCPT",
    "DATA", "BDAT", "EHLO", "HELO", "LHLO", "STARTTLS", "XCLIENT", "AUTH",
    "QUIT", "RSET", "NOOP", "VRFY", "HELP", "EXPN", "CAPA", "UTF8", "LANG",
    "STLS", "USER", "APOP", "PASS", "STAT", "LIST", "UIDL", "RETR", "TOP",
    "DELE"};
static const char *const codes[METER_CODES] = {"other", "+OK", "-ERR", "214",
    "220", "221", "235", "250", "251", "252", "334", "353", "354", "421", "432",
    "450", "451", "452", "454", "500", "501", "502", "503", "504", "521", "523",
    "530", "535", "538", "550", "551", "552", "553", "554", "555"};

#define PLAIN(n, t, u, c, p, h)                                    \
	{                                                          \
		.name = n, .type = METER_##t, .unit = METER_##u,   \
		.cell = METER_##c, .parts = METER_##p, .count = 1, \
		.count2 = 1, .help = h                             \
	}
#define EACH(n, t, u, c, p, l, v, m, h, ...)                                 \
	{                                                                    \
		.name = n, .type = METER_##t, .unit = METER_##u,             \
		.cell = METER_##c, .parts = METER_##p, .label = l,           \
		.values = v, .count = m, .count2 = 1, .help = h, __VA_ARGS__ \
	}
#define TIMES(n, c, p, h)                                                  \
	{                                                                  \
		.name = n, .type = METER_HISTOGRAM_TYPE, .unit = METER_NS, \
		.cell = METER_##c, .parts = METER_##p, .count = 1,         \
		.count2 = 1, .bounds = METER_BOUNDS,                       \
		.first = METER_TIME_FIRST, .help = h                       \
	}

const struct meter_row meter_table[] = {
    PLAIN(
	"process_starts", COUNTER, ONES, STARTS, ANY, "Starts of the process"),
    EACH("log_lines", COUNTER, ONES, LINES, ANY, "level", levels, METER_LEVELS,
	"Lines of the log", .is_sparse = 0),
    PLAIN("log_lines_lost", COUNTER, ONES, LINES_LOST, ANY,
	"Lines that syslog or standard error did not take"),
    PLAIN("log_lines_left_out", COUNTER, ONES, LINES_LEFT_OUT, ANY,
	"Lines above the rate of their event"),
    PLAIN("fibers", GAUGE, ONES, FIBERS, ANY, "Fibers"),
    PLAIN("stacks", GAUGE, ONES, STACKS, ANY,
	"Stacks of fibers, those in caches included"),
    PLAIN("stacks_idle", GAUGE, ONES, STACKS_IDLE, ANY,
	"Stacks of fibers in caches"),
    EACH("requests_pending", GAUGE, ONES, PENDING, CLIENTS | METER_ASKS,
	"helper", helpers, METER_HELPERS,
	"Requests to a helper that wait or are under way", .is_sparse = 0),
    {.name = "request_seconds",
	.type = METER_HISTOGRAM_TYPE,
	.unit = METER_NS,
	.cell = METER_REQUEST,
	.parts = METER_CLIENTS | METER_ASKS,
	.label = "helper",
	.values = helpers,
	.count = METER_HELPERS,
	.count2 = 1,
	.is_sparse = 1,
	.bounds = METER_BOUNDS,
	.first = METER_TIME_FIRST,
	.help = "Time from a request to its answer"},
    EACH("requests_failed", COUNTER, ONES, LOST, CLIENTS | METER_ASKS, "helper",
	helpers, METER_HELPERS,
	"Requests that had no answer in time, or no helper", .is_sparse = 0),

    PLAIN("sessions", GAUGE, ONES, SESSIONS, CLIENTS, "Sessions now"),
    PLAIN("sessions_opened", COUNTER, ONES, SESSIONS_TOTAL, CLIENTS,
	"Sessions that have begun"),
    PLAIN("connections_queued", GAUGE, ONES, HANDED, CLIENTS,
	"Connections that wait for the worker they were handed to"),
    PLAIN("handshakes_queued", GAUGE, ONES, HANDSHAKES, CLIENTS,
	"Handshakes that wait for a thread"),
    PLAIN("connections_refused", COUNTER, ONES, REFUSED, CLIENTS,
	"Connections that were turned away"),
    PLAIN("evictions", COUNTER, ONES, EVICTED, CLIENTS,
	"Sessions that were turned away for a new one"),
    PLAIN("received_bytes", COUNTER, OCTETS, OCTETS_IN, CLIENTS,
	"Octets of text that came from peers"),
    PLAIN("sent_bytes", COUNTER, OCTETS, OCTETS_OUT, CLIENTS,
	"Octets of text that went to peers"),
    EACH("tls_handshakes", COUNTER, ONES, TLS, CLIENTS, "version", tls,
	METER_TLS_KINDS, "Handshakes with clients that succeeded",
	.is_sparse = 0),
    PLAIN("tls_handshakes_failed", COUNTER, ONES, TLS_FAILED, CLIENTS,
	"Handshakes with clients that failed"),
    EACH("replies", COUNTER, ONES, REPLIES, CLIENTS, "code", codes, METER_CODES,
	"Replies to clients", .is_sparse = 1),
    EACH("commands", COUNTER, ONES, COMMAND, CLIENTS, "command", commands,
	METER_COMMANDS, "Commands that were carried out or refused",
	.is_sparse = 1),
    TIMES("banner_seconds", BANNER_TIME, CLIENTS,
	"Time from the accept to the greeting"),
    TIMES("command_seconds", COMMAND_TIME, CLIENTS,
	"Time from a whole command to the end of its function"),
    TIMES("login_seconds", LOGIN_TIME, CLIENTS,
	"Time of an exchange of a login, the client's part included"),
    {.name = "logins",
	.type = METER_COUNTER,
	.cell = METER_LOGINS,
	.parts = METER_CLIENTS,
	.label = "mechanism",
	.values = mechanisms,
	.count = METER_MECHANISMS,
	.label2 = "result",
	.values2 = results,
	.count2 = METER_RESULTS,
	.is_sparse = 1,
	.help = "Logins"},

    EACH("messages", COUNTER, ONES, MESSAGES, SMTPD, "result", results,
	METER_RESULTS, "Messages whose end has come, by what was replied",
	.is_sparse = 0),
    PLAIN("message_bytes", COUNTER, OCTETS, MESSAGE_OCTETS, SMTPD,
	"Octets of messages that were accepted"),
    PLAIN("recipients", COUNTER, ONES, RECIPIENTS, SMTPD,
	"Recipients of messages that were accepted"),
    TIMES("commit_seconds", COMMIT_TIME, SMTPD,
	"Time from the end of a message until it is durable"),

    PLAIN("messages_retrieved", COUNTER, ONES, RETRIEVED, POP3D,
	"Messages that were sent whole"),
    PLAIN("retrieved_bytes", COUNTER, OCTETS, RETRIEVED_OCTETS, POP3D,
	"Octets of messages that were sent whole"),
    PLAIN("messages_deleted", COUNTER, ONES, DELETED, POP3D,
	"Messages that QUIT has removed"),

    PLAIN("requests_answering", GAUGE, ONES, ANSWERING, HELPER,
	"Requests that were read and not yet answered"),
    EACH("requests_answered", COUNTER, ONES, ANSWERED, HELPER, "status",
	statuses, METER_STATUSES, "Requests that were answered",
	.is_sparse = 0),
    PLAIN("requests_malformed", COUNTER, ONES, MALFORMED, HELPER,
	"Requests that were malformed or not permitted"),
    PLAIN("logins_waiting", GAUGE, ONES, WAITING, ACCOUNTS_PART,
	"Logins that wait for a process that hashes, asks PAM or a program"),

    PLAIN("deliveries_queued", GAUGE, ONES, QUEUED, MAILBOXES,
	"Deliveries that wait for a batch"),
    {.name = "batch_messages",
	.type = METER_HISTOGRAM_TYPE,
	.unit = METER_ONES,
	.cell = METER_BATCH,
	.parts = METER_MAILBOXES,
	.count = 1,
	.count2 = 1,
	.bounds = 11,
	.first = 1,
	.help = "Messages that were committed with one sync"},
    TIMES("journal_sync_seconds", SYNC_TIME, MAILBOXES,
	"Time to write and sync a batch of the journal"),
    PLAIN("journal_used_bytes", GAUGE, OCTETS, JOURNAL_USED, MAILBOXES,
	"Octets of the journal's file in use that entries take"),
    PLAIN("journal_size_bytes", GAUGE, OCTETS, JOURNAL_SIZE, MAILBOXES,
	"Octets that a file of the journal has"),
    PLAIN("checkpoint_running", GAUGE, ONES, CHECKPOINTING, MAILBOXES,
	"1 while a checkpoint is under way"),
    PLAIN("checkpoints", COUNTER, ONES, CHECKPOINTS, MAILBOXES,
	"Checkpoints that have ended"),
    TIMES("checkpoint_seconds", CHECKPOINT_TIME, MAILBOXES,
	"Time of a checkpoint"),
    {.name = NULL}};

static unsigned
width(const struct meter_row *row)
{
	return row->type == METER_HISTOGRAM_TYPE ? METER_HISTOGRAM : 1;
}

unsigned
meter_row_cell(const struct meter_row *row, unsigned i, unsigned k)
{
	return row->cell + (i * row->count2 + k) * width(row);
}

unsigned
meter_row_cells(const struct meter_row *row)
{
	return row->count * row->count2 * width(row);
}

/* FNV-1a */
static uint32_t
mix(uint32_t h, uint32_t value)
{
	return (h ^ value) * 16777619U;
}

static uint32_t
mix_text(uint32_t h, const char *text)
{
	for (; *text != '\0'; text++)
		h = mix(h, (unsigned char)*text);
	return mix(h, 0);
}

static uint32_t
mix_label(
    uint32_t h, const char *label, const char *const *values, unsigned count)
{
	h = mix_text(h, label != NULL ? label : "");
	for (unsigned i = 0; values != NULL && i < count; i++)
		h = mix_text(h, values[i] != NULL ? values[i] : "");
	return h;
}

uint32_t
meter_layout_of(const struct meter_row *r)
{
	uint32_t h = 2166136261U;

	for (; r->name != NULL; r++) {
		h = mix_text(h, r->name);
		h = mix(h, r->cell);
		h = mix(h, meter_row_cells(r));
		h = mix(h, (uint32_t)r->first);
		h = mix_label(h, r->label, r->values, r->count);
		h = mix_label(h, r->label2, r->values2, r->count2);
	}
	return h;
}

uint32_t
meter_layout(void)
{
	return meter_layout_of(meter_table);
}

static unsigned
find(const char *const *names, unsigned count, const char *name)
{
	for (unsigned i = 1; i < count && names[i] != NULL; i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return 0;
}

unsigned
meter_mechanism(const char *name)
{
	return find(mechanisms, METER_MECHANISMS, name);
}

unsigned
meter_command(const char *verb)
{
	int first = toupper((unsigned char)verb[0]);

	for (unsigned i = 1; i < METER_COMMANDS && commands[i] != NULL; i++)
		if (commands[i][0] == first &&
		    strcasecmp(commands[i], verb) == 0)
			return i;
	return 0;
}

unsigned
meter_code(const char *reply)
{
	const char *c;

	for (unsigned i = 1; i < METER_CODES && (c = codes[i]) != NULL; i++)
		if (c[0] == reply[0] && c[1] == reply[1] && c[2] == reply[2])
			return i;
	return 0;
}

enum meter_helper
meter_helper(const char *device)
{
	size_t length = strcspn(device, ".");

	for (unsigned i = 0; i < METER_OTHER_HELPER; i++)
		if (strlen(helpers[i]) == length &&
		    strncmp(helpers[i], device, length) == 0)
			return (enum meter_helper)i;
	return METER_OTHER_HELPER;
}
