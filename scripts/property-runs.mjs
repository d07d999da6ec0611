// Loaded before every test file where LOGWERK_SEEDS is set: properties that name no number of runs have that one, in place of 100.
import fc from 'fast-check'

fc.configureGlobal({ numRuns: Number(process.env['LOGWERK_SEEDS']) })
