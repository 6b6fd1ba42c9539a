#include "lang.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

const char *const lang_tags[] = {"en", "de", NULL};
static const char *const names[] = {"English", "Deutsch"};

/* English, German. */
static const char *const texts[][LANG_COUNT] = {
    {"capabilities follow", "Fähigkeiten folgen"},
    {"languages follow", "Sprachen folgen"},
    {"this is English", "hier spricht man Deutsch"},
    {"no such language here", "diese Sprache gibt es hier nicht"},
    {"UTF-8 it is", "UTF-8 ist eingeschaltet"},
    {"send PASS", "bitte PASS"},
    {"send USER first", "erst USER"},
    {"log in first", "erst anmelden"},
    {"you are logged in already", "schon angemeldet"},
    {"who are you to say so", "wer darf das sagen?"},
    {"taken", "übernommen"},
    {"that is no client", "das ist kein Client"},
    {"bye", "auf Wiedersehen"},
    {"bye, %" PRIu32 " messages left",
	"auf Wiedersehen, %" PRIu32 " Nachrichten bleiben"},
    {"message %" PRIu64 " deleted", "Nachricht %" PRIu64 " gelöscht"},
    {"%" PRIu64 " octets", "%" PRIu64 " Oktette"},
    {"top of message follows", "Anfang der Nachricht folgt"},
    {"%" PRIu32 " messages (%" PRIu64 " octets)",
	"%" PRIu32 " Nachrichten (%" PRIu64 " Oktette)"},
    {"message %" PRIu64 " is deleted", "Nachricht %" PRIu64 " ist gelöscht"},
    {"no message %" PRIu64 ", there are %" PRIu32,
	"keine Nachricht %" PRIu64 ", es gibt %" PRIu32},
    {"message %" PRIu64 " was removed by another program",
	"ein anderes Programm hat Nachricht %" PRIu64 " entfernt"},
    {"that is no command", "das ist kein Befehl"},
    {"unknown command", "unbekannter Befehl"},
    {"a line that is too long", "zu lange Zeile"},
    {"too few arguments", "zu wenige Argumente"},
    {"too many arguments", "zu viele Argumente"},
    {"a negative number", "negative Zahl"},
    {"a number that is too large", "zu große Zahl"},
    {"an argument that is no number", "das Argument ist keine Zahl"},
    {"a message number that is 0", "eine Nachricht 0 gibt es nicht"},
    {"%s; too many errors, closing", "%s; zu viele Fehler, Ende"},
    {"mechanisms follow", "Verfahren folgen"},
    {"that is no such response", "so lautet keine Antwort darauf"},
    {"a response that is too long", "zu lange Antwort"},
    {"cancelled", "abgebrochen"},
    {"no such mechanism here", "dieses Verfahren gibt es hier nicht"},
    {"[AUTH] no login without encryption from here",
	"[AUTH] von dort keine Anmeldung ohne Verschlüsselung"},
    {"[AUTH] wrong user name or password",
	"[AUTH] falscher Name oder falsches Passwort"},
    {"[AUTH] wrong user name or password, closing",
	"[AUTH] falscher Name oder falsches Passwort, Ende"},
    {"[IN-USE] another session has the maildrop",
	"[IN-USE] eine andere Sitzung hat das Postfach"},
    {"[IN-USE] you have too many sessions", "[IN-USE] zu viele Sitzungen"},
    {"[LOGIN-DELAY] you were here a moment ago",
	"[LOGIN-DELAY] die letzte Anmeldung ist gerade erst her"},
    {"[SYS/PERM] your mailbox needs a login by PLAIN or USER",
	"[SYS/PERM] dieses Postfach braucht eine Anmeldung mit PLAIN oder "
	"USER"},
    {"[SYS/PERM] you are handed on in a circle",
	"[SYS/PERM] die Anmeldung dreht sich im Kreis"},
    {"[SYS/PERM] your mailbox's server refuses you",
	"[SYS/PERM] der Server des Postfachs lehnt ab"},
    {"[SYS/PERM] this maildrop is read-only",
	"[SYS/PERM] dieses Postfach ist nur zum Lesen da"},
    {"[UTF8] too long a head for ASCII",
	"[UTF8] der Kopf ist zu lang, um ASCII zu werden"},
    {"[SYS/TEMP] too many sessions from your address",
	"[SYS/TEMP] zu viele Sitzungen von dieser Adresse"},
    {"[SYS/TEMP] %s, try again later", "[SYS/TEMP] %s, bitte später"},
    {"your mailbox's server can't be reached",
	"der Server des Postfachs ist nicht erreichbar"},
    {"your mailbox is open", "das Postfach ist offen"},
    {"begin TLS", "TLS beginnt"},
    {"TLS is active already", "TLS ist schon eingeschaltet"},
    {"TLS is not available now", "TLS geht gerade nicht"},
    {"you sent more behind STLS than you may",
	"hinter STLS kam mehr als erlaubt"},
    {"no memory", "kein Speicher"},
    {"can't open the maildrop", "das Postfach lässt sich nicht öffnen"},
    {"can't check the password", "das Passwort lässt sich nicht prüfen"},
    {"can't read the message", "die Nachricht lässt sich nicht lesen"},
    {"the maildrop's index is damaged",
	"der Index des Postfachs ist beschädigt"},
    {"some deleted messages were not removed",
	"nicht alle gelöschten Nachrichten wurden entfernt"},
};

const char *const *
lang_pair(unsigned i)
{
	return i < sizeof(texts) / sizeof(texts[0]) ? texts[i] : NULL;
}

const char *
lang_text(enum lang lang, const char *english)
{
	if (lang == LANG_EN)
		return english;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i][LANG_EN], english) == 0)
			return texts[i][lang];
	return english;
}

int
lang_find(const char *range)
{
	size_t length = strlen(range), tag;

	while (length > 0) {
		for (int i = 0; i < LANG_COUNT; i++) {
			tag = strlen(lang_tags[i]);
			if (tag == length &&
			    strncasecmp(lang_tags[i], range, length) == 0)
				return i;
		}
		while (length > 0 && range[--length] != '-')
			;
	}
	return -1;
}

const char *
lang_tag(enum lang lang)
{
	return lang_tags[lang];
}

const char *
lang_name(enum lang lang)
{
	return names[lang];
}
