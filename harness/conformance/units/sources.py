"""The test plans that units are taken from."""

from __future__ import annotations

ICAO_3 = "ICAO TR RF and Protocol Testing Part 3, v3.2"
BSI_3_2 = "BSI TR-03105 Part 3.2, v1.5.1"
BSI_3_3 = "BSI TR-03105 Part 3.3, v1.2"
BSI_3_4 = "BSI TR-03105 Part 3.4, v1.0"
BSI_5_2 = "BSI TR-03105 Part 5.2, v2.0"
ICAO_4 = "ICAO TR RF and Protocol Testing Part 4"
