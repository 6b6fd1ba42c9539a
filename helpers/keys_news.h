/*
 * keys_news -- how the helpers' parent tells the keys helper of a reload: it
 * opens the files of keys, as root, and hands their descriptors over.  It reads
 * none of them.
 */
#ifndef KEYS_NEWS_H
#define KEYS_NEWS_H

#include <stdint.h>

/*
 * Over the parent's end of a pair of sockets: the files of the folder, and for
 * how long (ns) the helper is to keep the keys that it finds no more.  0, also
 * where the folder can't be read: then the keys stay as they are, after a line.
 * -1 with errno where not all could be sent.  Waits a few seconds at most, for
 * a helper that is slow.
 */
int keys_news_send(int end, const char *folder, int64_t keep);

#endif
