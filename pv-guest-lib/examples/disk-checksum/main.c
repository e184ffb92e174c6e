/* SPDX-License-Identifier: MIT */
/*
 * Reads the whole of the guest's first disk and prints its CRC-32, that of
 * gzip and of Python's zlib.crc32(). The disk reads ahead meanwhile: as many
 * pieces as there are buffers are under way at any time.
 */
#include <public/errno.h>
#include <pvguest/block.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/front.h>
#include <pvguest/mm.h>

#define PIECES        16u
#define PIECE_SECTORS 64u /* 32 KiB */
#define PIECE_PAGES   (PIECE_SECTORS * PV_SECTOR / PV_PAGE_SIZE)

static struct pv_block *disk;
static struct pv_block_request pieces[PIECES];
static uint32_t table[256];

static void make_table(void)
{
	uint32_t i, bit;

	for (i = 0; i < 256; i++) {
		table[i] = i;
		for (bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^
				   (table[i] & 1 ? 0xedb88320u : 0);
	}
}

static uint32_t add(uint32_t crc, const uint8_t *bytes, size_t size)
{
	while (size-- > 0)
		crc = table[(uint8_t)crc ^ *bytes++] ^ crc >> 8;
	return crc;
}

static void piece_done(struct pv_block_request *piece)
{
	piece->context = piece; /* it is there */
}

/* Beyond the end there is nothing to read. */
static void begin(struct pv_block_request *piece, uint64_t sector)
{
	uint64_t sectors = pv_block_info(disk)->sectors;
	int rc;

	if (sector >= sectors)
		return;
	piece->sector = sector;
	piece->sectors = sectors - sector < PIECE_SECTORS
				 ? (uint32_t)(sectors - sector)
				 : PIECE_SECTORS;
	piece->done = piece_done;
	piece->context = NULL;
	rc = pv_block_submit(disk, piece);
	if (rc) {
		piece->error = rc;
		piece->context = piece;
	}
}

/* In the order of the disk; each buffer is used again at once. */
static int checksum(uint32_t *crc)
{
	uint64_t sectors = pv_block_info(disk)->sectors, sector;
	unsigned int i;

	for (i = 0; i < PIECES; i++)
		begin(&pieces[i], i * PIECE_SECTORS);
	*crc = UINT32_MAX;
	for (sector = 0; sector < sectors; sector += PIECE_SECTORS) {
		struct pv_block_request *piece =
			&pieces[sector / PIECE_SECTORS % PIECES];

		pv_block_kick(disk);
		while (pv_block_check(disk) && !piece->context)
			pv_wait(PV_FOREVER);
		if (piece->error)
			return piece->error;
		*crc = add(*crc, piece->buffer,
			   (size_t)piece->sectors * PV_SECTOR);
		begin(piece, sector + PIECES * PIECE_SECTORS);
	}
	*crc = ~*crc;
	return 0;
}

static int prepare(void)
{
	char *buffers = pv_heap_grow(PIECES * PIECE_PAGES * PV_PAGE_SIZE);
	uint32_t handle;
	unsigned int i;
	int rc = pv_front_find("vbd", 0, &handle);

	if (rc || !buffers)
		return rc ? rc : -XEN_ENOMEM;
	disk = pv_block_open(handle, NULL, &rc);
	if (!disk)
		return rc;
	for (i = 0; i < PIECES; i++)
		pieces[i].buffer = buffers + i * PIECE_PAGES * PV_PAGE_SIZE;
	return pv_block_share(disk, buffers, PIECES * PIECE_PAGES);
}

int main(void)
{
	uint32_t crc = 0;
	int rc = prepare();

	if (rc) {
		pv_printf("disk-checksum: no disk: error %d\n", rc);
		return 1;
	}
	make_table();
	rc = checksum(&crc);
	if (rc)
		pv_printf("disk-checksum: error %d\n", rc);
	else
		pv_printf("disk-checksum: %lu bytes, CRC-32 %08x\n",
			  pv_block_info(disk)->sectors * PV_SECTOR, crc);
	pv_block_close(disk);
	return rc != 0;
}
