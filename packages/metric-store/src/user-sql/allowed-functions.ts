/**
 * What a user's query may call, reviewed name by name: each computes from its arguments alone, or tells the time or a random number.
 * What reads a file, a table by its name, a dictionary, a setting or the server is not here, nor what one call can hold the engine
 * with for minutes (`sleep`, `arrayFold`, edit distances, multiple regular expressions).
 */
const ordinary = `
abs divide divideOrNull gcd ifNotFinite intDiv intDivOrNull intDivOrZero isFinite isInfinite isNaN lcm max2 midpoint min2 minus
modulo mod moduloOrNull moduloOrZero multiply negate plus positiveModulo sqr
acos acosh asin asinh atan atan2 atanh cbrt cos cosh degrees e erf erfc exp exp10 exp2 factorial hypot intExp10 intExp2 lgamma
ln log log10 log1p log2 pi pow power radians sigmoid sign sin sinh sqrt tan tanh tgamma widthBucket
ceil ceiling floor round roundBankers roundDown roundToExp2 trunc truncate
and not or xor if multiIf caseWithExpression clamp greatest least exists
equals greater greaterOrEquals less lessOrEquals notEquals isDistinctFrom isNotDistinctFrom in notIn nullIn notNullIn
assumeNotNull coalesce firstNonDefault ifNull isNotNull isNull isNullable isZeroOrNull nullIf toNullable
array arrayAll arrayAvg arrayAUC arrayROCAUC arrayAUCPR arrayCompact arrayConcat arrayCount arrayCumSum arrayCumSumNonNegative
arrayDifference arrayDistinct arrayDotProduct arrayElement arrayElementOrNull arrayEnumerate arrayEnumerateDense
arrayEnumerateUniq arrayExcept arrayExists arrayFill arrayFilter arrayFirst arrayFirstIndex arrayFirstOrNull arrayFlatten flatten
arrayIntersect arrayJoin arrayLast arrayLastIndex arrayLastOrNull arrayMap arrayMax arrayMin arrayPopBack arrayPopFront
arrayProduct arrayPushBack arrayPushFront arrayRemove arrayResize arrayReverse arrayReverseFill arrayReverseSort
arrayReverseSplit arraySlice arraySort arraySplit arrayStringConcat arraySum arrayUnion arrayUniq arrayWithConstant arrayZip
arrayZipUnaligned countEqual empty has hasAll hasAny hasSubstr indexOf length notEmpty range replicate reverse
L1Distance L1Norm L2Distance L2Norm L2SquaredDistance L2SquaredNorm LinfDistance LinfNorm cosineDistance dotProduct
map mapAdd mapApply mapConcat mapContains mapContainsKey mapContainsKeyLike mapContainsValue mapFilter mapFromArrays mapKeys
mapSort mapReverseSort mapSubtract mapUpdate mapValues
tuple tupleElement tupleConcat tupleNames untuple tuplePlus tupleMinus tupleMultiply tupleDivide tupleNegate
bitAnd bitCount bitNot bitOr bitShiftLeft bitShiftRight bitTest bitXor
bin char hex unbin unhex base64Decode base64Encode tryBase64Decode
cityHash64 farmHash64 halfMD5 intHash32 intHash64 MD5 murmurHash3_32 murmurHash3_64 SHA1 SHA256 sipHash64 xxHash32 xxHash64 xxh3
JSONArrayLength JSONExtract JSONExtractArrayRaw JSONExtractBool JSONExtractFloat JSONExtractInt JSONExtractKeys
JSONExtractKeysAndValues JSONExtractKeysAndValuesRaw JSONExtractRaw JSONExtractString JSONExtractUInt JSONHas JSONKey JSONLength
JSONType JSON_EXISTS JSON_QUERY JSON_VALUE isValidJSON prettyPrintJSON simpleJSONExtractBool simpleJSONExtractFloat
simpleJSONExtractInt simpleJSONExtractRaw simpleJSONExtractString simpleJSONExtractUInt simpleJSONHas toJSONString
JSONAllPaths JSONAllPathsWithTypes JSONDynamicPaths dynamicElement dynamicType variantElement variantType
ascii basename concat concat_ws concatWithSeparator conv endsWith firstLine initcap left leftPad lpad rightPad rpad leftUTF8
lengthUTF8 char_length character_length octet_length lower lcase lowerUTF8 position positionCaseInsensitive
positionCaseInsensitiveUTF8 positionUTF8 locate regexpExtract repeat reverseUTF8 right rightUTF8 space startsWith
startsWithCaseInsensitive endsWithCaseInsensitive substring substr mid substringIndex substringUTF8 toValidUTF8 trim ltrim rtrim
trimBoth trimLeft trimRight upper ucase upperUTF8 format printf regexpQuoteMeta replace replaceAll replaceOne replaceRegexpAll
replaceRegexpOne regexp_replace translate translateUTF8 countMatches countMatchesCaseInsensitive countSubstrings
countSubstringsCaseInsensitive extract extractAll extractAllGroups extractAllGroupsHorizontal extractAllGroupsVertical
extractGroups extractKeyValuePairs hasToken hasTokenCaseInsensitive ilike like match notILike notLike multiSearchAny
multiSearchAnyCaseInsensitive multiSearchFirstIndex ngramDistance ngramSearch splitByChar splitByNonAlpha splitByRegexp
splitByString splitByWhitespace alphaTokens ngrams tokens
formatReadableDecimalSize formatReadableQuantity formatReadableSize formatReadableTimeDelta parseReadableSize parseTimeDelta bar
cast _CAST accurateCast accurateCastOrNull accurateCastOrDefault toTypeName toBool toString toFixedString toDecimalString
toUUID toUUIDOrNull UUIDStringToNum UUIDNumToString generateUUIDv4 reinterpretAsFloat64 reinterpretAsUInt64 reinterpretAsInt64
toLowCardinality materialize identity ignore transform defaultValueOfArgumentType
parseDateTime parseDateTimeOrNull parseDateTimeBestEffort parseDateTimeBestEffortOrNull parseDateTime64BestEffort
parseDateTime64BestEffortOrNull fromUnixTimestamp fromUnixTimestamp64Second fromUnixTimestamp64Milli fromUnixTimestamp64Micro
fromUnixTimestamp64Nano toUnixTimestamp toUnixTimestamp64Second toUnixTimestamp64Milli toUnixTimestamp64Micro
toUnixTimestamp64Nano
toIntervalNanosecond toIntervalMicrosecond toIntervalMillisecond toIntervalSecond toIntervalMinute toIntervalHour toIntervalDay
toIntervalWeek toIntervalMonth toIntervalQuarter toIntervalYear
date timestamp now now64 today yesterday current_timestamp current_date curdate utctimestamp age addDate addDays addHours
addInterval addMicroseconds addMilliseconds addMinutes addMonths addNanoseconds addQuarters addSeconds addWeeks addYears dateDiff
date_diff datediff timestampdiff timestamp_diff dateadd date_add datesub date_sub timestampadd timestamp_add timestampsub
timestamp_sub dateName dateTrunc date_trunc formatDateTime date_format formatDateTimeInJodaSyntax makeDate makeDateTime
makeDateTime64 monthName subDate subtractDays subtractHours subtractInterval subtractMicroseconds subtractMilliseconds
subtractMinutes subtractMonths subtractNanoseconds subtractQuarters subtractSeconds subtractWeeks subtractYears timeDiff timeSlot
timezoneOf toDayOfMonth day toDayOfWeek toDayOfYear toDaysInMonth toHour hour toISOWeek toISOYear toLastDayOfMonth toMillisecond
toMinute minute toMonday toMonth month toQuarter quarter toRelativeDayNum toRelativeHourNum toRelativeMinuteNum
toRelativeSecondNum toSecond second toStartOfDay toStartOfFifteenMinutes toStartOfFiveMinutes toStartOfHour toStartOfInterval
time_bucket toStartOfMillisecond toStartOfMinute toStartOfMonth toStartOfQuarter toStartOfSecond toStartOfTenMinutes toStartOfWeek
toStartOfYear toTimezone toUTCTimestamp fromUTCTimestamp toWeek week toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss toYear year toYearWeek
rand rand32 rand64 randConstant randCanonical randUniform randNormal
runningDifference runningDifferenceStartingWithFirstValue rowNumberInAllBlocks
seriesOutliersDetectTukey lambda
`

const aggregates = `
any any_value anyHeavy anyLast first_value last_value first_value_respect_nulls last_value_respect_nulls any_respect_nulls
anyLast_respect_nulls approx_top_k argAndMax argAndMin argMax argMin array_agg avg avgWeighted boundingRatio corr corrStable count
covarPop covar_pop covarSamp covar_samp cramersV deltaSum deltaSumTimestamp entropy exponentialMovingAverage
exponentialTimeDecayedAvg exponentialTimeDecayedCount exponentialTimeDecayedMax exponentialTimeDecayedSum groupArray
groupArrayLast groupArrayMovingAvg groupArrayMovingSum groupArraySample groupArraySorted groupBitAnd groupBitOr groupBitXor
groupConcat group_concat string_agg groupUniqArray histogram kolmogorovSmirnovTest kurtPop kurtSamp
largestTriangleThreeBuckets lttb mannWhitneyUTest max maxMap meanZTest median medianExact min minMap nonNegativeDerivative
quantile quantileDeterministic quantileExact quantileExactExclusive quantileExactHigh quantileExactInclusive quantileExactLow
quantileExactWeighted quantileTDigest quantileTDigestWeighted quantileTiming quantiles quantilesExact quantilesExactExclusive
quantilesExactInclusive quantilesTDigest rankCorr retention sequenceCount sequenceMatch simpleLinearRegression singleValueOrNull
skewPop skewSamp sparkbar stddevPop stddev_pop stddev std stddevSamp stddev_samp studentTTest sum sumCount sumKahan sumMap topK
topKWeighted uniq uniqCombined uniqCombined64 uniqExact uniqHLL12 uniqUpTo varPop var_pop variance varSamp var_samp welchTTest
windowFunnel
cume_dist denseRank dense_rank lag lagInFrame lead leadInFrame nth_value ntile percentRank percent_rank rank row_number
`

const conversion =
  /^to(u?int(8|16|32|64|128|256)|float(32|64)|bfloat16|decimal(32|64|128)|date|date32|datetime|datetime32|datetime64)(orzero|ornull|ordefault)?$/
const combinators = /^(.+?)(?:if|array|distinct|orNull|orDefault|forEach|argMin|argMax|map|resample)$/i

const lowered = (names: string): ReadonlySet<string> => new Set(names.trim().toLowerCase().split(/\s+/))
const ordinaryNames = lowered(ordinary)
const aggregateNames = lowered(aggregates)

/** Tables that are made up rather than read. */
const tableFunctions = new Set(['numbers', 'numbers_mt', 'zeros', 'generateseries', 'generate_series'])

/** Whether a query may call a function; the case of letters does not matter, as it does not matter for most in ClickHouse. */
export function isAllowedFunction(name: string): boolean {
  const lower = name.toLowerCase()
  return ordinaryNames.has(lower) || conversion.test(lower) || isAggregate(lower)
}

/** An aggregate function, with combinators behind it: `sum`, `sumIf`, `argMaxIfOrNull`. */
function isAggregate(lower: string): boolean {
  if (aggregateNames.has(lower)) return true
  const [, rest] = combinators.exec(lower) ?? []
  return rest !== undefined && isAggregate(rest)
}

/** Whether a query may read from a table function. */
export function isAllowedTableFunction(name: string): boolean {
  return tableFunctions.has(name.toLowerCase())
}
