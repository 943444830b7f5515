"""Prints what two decoders, of which neither is ours, read in each image: one line of JSON for one image.

Usage: decode.py IMAGE...
"""

import json
import sys
from ctypes import string_at
from multiprocessing import Pool

import zxingcpp
from PIL import Image
from pylibdmtx import pylibdmtx


def with_every_byte(decoder, region, corrections, shrink):
    """As in pylibdmtx, which ends at the first zero: libdmtx itself says how long a message is."""
    with pylibdmtx._decoded_matrix_region(decoder, region, corrections) as message:
        if message:
            output = message.contents
            return pylibdmtx.Decoded(string_at(output.output, output.outputIdx), None)


pylibdmtx._decode_region = with_every_byte


def read(path):
    image = Image.open(path).convert("L")
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.DataMatrix)
    zxing = [symbol.bytes.hex() for symbol in found]
    # libdmtx looks for symbols until it is told how many there are.
    dmtx = [symbol.data.hex() for symbol in pylibdmtx.decode(image, max_count=max(1, len(zxing)))]
    return {"image": path, "zxing": sorted(zxing), "dmtx": sorted(dmtx)}


if __name__ == "__main__":
    with Pool(2) as pool:
        for row in pool.imap(read, sys.argv[1:]):
            print(json.dumps(row))
