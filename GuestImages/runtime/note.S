/*
 * The image's manifest as the ELF note that docs/guest-abi.md describes, from the text file MANIFEST.
 * The VMM reads it before the run; keys.c reads it in the guest, so that a default is written down once.
 */
    .section .note.swiftvmm, "a", @note
    .balign 4
    .long name_end - name
    .long manifest_end - manifest
    .long 1                     /* the one type there is */
name:
    .asciz "swiftvmm"
name_end:
    .balign 4
    .globl manifest, manifest_end
manifest:
    .incbin MANIFEST
manifest_end:
    .balign 4
