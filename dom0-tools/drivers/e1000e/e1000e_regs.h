/* SPDX-License-Identifier: MIT */
/*
 * Registers and descriptors of the 82574, as far as the driver uses them
 * [82574 "Driver Programming Interface"]. Offsets into BAR 0.
 */
#ifndef DRIVERS_E1000E_E1000E_REGS_H
#define DRIVERS_E1000E_E1000E_REGS_H

#include <stdint.h>

#define CTRL                0x0000
#define CTRL_MASTER_DISABLE (1u << 2)
#define CTRL_ASDE           (1u << 5) /* speed as the PHY finds it */
#define CTRL_SLU            (1u << 6) /* set link up */
#define CTRL_RST            (1u << 26)
#define STATUS              0x0008
#define STATUS_LU           (1u << 1)

/* Interrupts: cause, set and clear of the mask. */
#define ICR       0x00c0
#define IMS       0x00d0
#define IMC       0x00d8
#define INT_TXDW  (1u << 0)
#define INT_LSC   (1u << 2)
#define INT_RXO   (1u << 6)
#define INT_RXT0  (1u << 7)
#define INT_RXQ0  (1u << 20)
#define INT_TXQ0  (1u << 22)
#define INT_OTHER (1u << 24)
/* Which message each cause sends: number and a valid bit in 4 bits. */
#define IVAR          0x00e4
#define IVAR_VALID    8u
#define IVAR_RXQ0(v)  (((v) | IVAR_VALID) << 0)
#define IVAR_TXQ0(v)  (((v) | IVAR_VALID) << 8)
#define IVAR_OTHER(v) (((v) | IVAR_VALID) << 16)

#define RCTL           0x0100
#define RCTL_EN        (1u << 1)
#define RCTL_UPE       (1u << 3) /* all unicast */
#define RCTL_MPE       (1u << 4) /* all multicast */
#define RCTL_BAM       (1u << 15)
#define RCTL_SIZE_4096 (3u << 16 | 1u << 25)
#define RCTL_SECRC     (1u << 26) /* strip the frame's checksum */
#define RDBAL          0x2800
#define RDBAH          0x2804
#define RDLEN          0x2808
#define RDH            0x2810
#define RDT            0x2818
#define RXCSUM         0x5000
#define RXCSUM_IPOFL   (1u << 8)
#define RXCSUM_TUOFL   (1u << 9)
#define RAL0           0x5400
#define RAH0           0x5404

#define TCTL      0x0400
#define TCTL_EN   (1u << 1)
#define TCTL_PSP  (1u << 3)    /* pad short packets */
#define TCTL_CT   (0x0fu << 4) /* collisions; half duplex only */
#define TCTL_COLD (0x3fu << 12)
#define TDBAL     0x3800
#define TDBAH     0x3804
#define TDLEN     0x3808
#define TDH       0x3810
#define TDT       0x3818

#define REGISTERS_SIZE 0x6000

/* Legacy receive descriptor. */
struct receive_descriptor {
	uint64_t maddr;
	uint16_t bytes;
	uint16_t checksum;
	uint8_t status;
	uint8_t errors;
	uint16_t special;
};
#define RX_DD    (1u << 0)
#define RX_EOP   (1u << 1)
#define RX_IXSM  (1u << 2) /* no checksum was looked at */
#define RX_TCPCS (1u << 5) /* that of TCP or UDP was */
#define RX_TCPE  (1u << 5) /* and is wrong */
#define RX_IPE   (1u << 6) /* the checksum of IP is wrong */

/* Data descriptor, and context descriptor in the same ring. */
struct transmit_descriptor {
	uint64_t maddr;
	uint32_t command;
	uint32_t status;
};
#define TX_DATA        (1u << 20)
#define TX_EOP         (1u << 24)
#define TX_IFCS        (1u << 25) /* add the frame's checksum */
#define TX_RS          (1u << 27) /* report with DD */
#define TX_EXTENDED    (1u << 29)
#define TX_DD          (1u << 0)
#define TX_TXSM        (1u << 9) /* fill in the checksum of TCP or UDP */
#define TX_CONTEXT_TCP (1u << 24)

#endif /* DRIVERS_E1000E_E1000E_REGS_H */
