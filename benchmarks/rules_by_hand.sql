-- The rules of irs-ice-2025 at stage check, written by hand in one query with the same output columns as the compiled rules: what a
-- careful engineer would write who knew that the switches stand at their defaults. benchmarks/rules.py runs both and compares the rows.
WITH total AS (SELECT count(*) AS n FROM facts),
surnames AS (SELECT address_key, count(DISTINCT surname_key) AS n FROM facts WHERE address_key IS NOT NULL GROUP BY address_key),
subjects AS (SELECT case_key, count(DISTINCT subject_key) AS n FROM facts WHERE case_key IS NOT NULL GROUP BY case_key),
reasons AS (SELECT masked_reason, count(*) AS n FROM facts WHERE masked_reason IS NOT NULL GROUP BY masked_reason),
r AS (
  SELECT ordinal,
    CASE WHEN inherited = 0 THEN 1 ELSE 3 END AS R09,
    CASE WHEN name_stated = 1 THEN CASE name_personal WHEN 1 THEN 1 WHEN 0 THEN 3 ELSE 2 END ELSE 3 END AS R11,
    CASE WHEN name_stated = 1 THEN CASE WHEN name_personal = 1 THEN NULL ELSE 'N-NAME-PLACEHOLDER' END ELSE 'N-NAME-MISSING' END AS R11_reason,
    CASE WHEN address_stated = 1 THEN 1 ELSE 3 END AS R12,
    greatest(CASE address_zip_only WHEN 0 THEN 1 WHEN 1 THEN 3 ELSE 2 END, CASE address_deliverable WHEN 1 THEN 1 WHEN 0 THEN 3 ELSE 2 END) AS R13,
    CASE WHEN address_zip_only = 1 THEN 'P-ADDR-ZIPONLY' WHEN address_deliverable = 0 THEN 'P-ADDR-INCOMPLETE'
         WHEN address_zip_only IS NULL THEN 'P-ADDR-ZIPONLY' WHEN address_deliverable IS NULL THEN 'P-ADDR-INCOMPLETE' END AS R13_reason,
    CASE address_placeholder WHEN 0 THEN 1 WHEN 1 THEN 3 ELSE 2 END AS R14,
    CASE address_institution WHEN 0 THEN 1 WHEN 1 THEN 3 ELSE 2 END AS R15,
    CASE WHEN address_key IS NULL THEN 0 WHEN surnames.n <= 10 THEN 1 ELSE 2 END AS R16,
    CASE WHEN period_stated = 1 THEN CASE WHEN period_closed = 1 THEN CASE WHEN period_years <= 10 THEN 1 ELSE 2 END ELSE 3 END ELSE 3 END AS R17,
    CASE WHEN period_stated = 1 THEN CASE WHEN period_closed = 1 AND period_years <= 10 THEN NULL ELSE 'N-PERIOD-OPEN' END ELSE 'N-PERIOD-MISSING' END AS R17_reason,
    CASE WHEN statute_stated = 1 THEN
      CASE WHEN statute_code IS NULL THEN 3
           WHEN coalesce(statute_title = 26 OR statute_section IN ($not_criminal)
                         OR (statute_subsection IS NOT NULL AND statute_subsection IN ($not_criminal_subsections)), true) THEN 3
           WHEN statute_code IN ($statutes) OR statute_subsection IN ($by_subsection) THEN CASE WHEN statute_count <= 1 THEN 1 ELSE 2 END
           WHEN (statute_title = 18 AND statute_number <= 2999) OR (statute_subsection IS NOT NULL AND statute_section IN ($plausible)) THEN 2
           ELSE 3 END
      ELSE 3 END AS R19,
    CASE WHEN statute_stated = 1 AND statute_code IS NOT NULL
          AND coalesce(statute_title = 26 OR statute_section IN ($not_criminal)
                       OR (statute_subsection IS NOT NULL AND statute_subsection IN ($not_criminal_subsections)), true)
         THEN 'N-STATUTE-NOT-CRIMINAL' ELSE 'N-STATUTE-UNLISTED' END AS R19_other,
    CASE WHEN stage_code IN ($stages) AND case_stated = 1 AND case_opened_on <= received_on THEN 1 ELSE 3 END AS R20,
    CASE WHEN case_key IS NULL THEN 0 WHEN subjects.n <= 1 OR (case_subjects >= 2 AND subjects.n <= 25) THEN 1 ELSE 2 END AS R21,
    CASE WHEN cites_1253a1a = 0 THEN 0 WHEN cites_1253a1a IS NULL THEN 3
         WHEN order_stated = 1 AND order_date IS NOT NULL AND finality_stated = 1 AND judicial_review IS NOT NULL
          AND (CASE WHEN judicial_review = 'concluded' THEN judicial_final_date >= order_date AND received_on - judicial_final_date >= 91
                    ELSE judicial_review = 'none' AND judicial_final_stated = 0 END)
          AND received_on - order_date >= 91 AND order_ground_1227a = 1 AND order_stayed = 0
         THEN CASE finality_final WHEN 1 THEN 1 WHEN 0 THEN 3 ELSE 2 END ELSE 3 END AS R22,
    CASE WHEN cites_1253a1a IS NULL THEN 'N-ORDER-MISSING'
         WHEN coalesce(order_stated = 1 AND order_date IS NOT NULL AND finality_stated = 1 AND judicial_review IS NOT NULL, false) = false THEN 'N-ORDER-MISSING'
         WHEN finality_final = 0 THEN 'N-ORDER-MISSING'
         WHEN NOT coalesce(CASE WHEN judicial_review = 'concluded' THEN judicial_final_date >= order_date
                                ELSE judicial_review IN ('none', 'pending') AND judicial_final_stated = 0 END, false) THEN 'N-ORDER-MISSING'
         WHEN judicial_review = 'pending' OR coalesce(received_on - order_date < 91, true)
           OR (judicial_review = 'concluded' AND coalesce(received_on - judicial_final_date < 91, true)) THEN 'N-90DAY-NOT-RUN'
         WHEN coalesce(order_ground_1227a, 0) <> 1 THEN 'N-ORDER-GROUND'
         WHEN coalesce(order_stayed, 1) <> 0 THEN 'N-ORDER-STAYED'
         ELSE 'N-ORDER-MISSING' END AS R22_other,
    greatest(
      CASE elements_valid WHEN 1 THEN 1 WHEN 0 THEN 3 ELSE 0 END,
      CASE WHEN cites_1253a1b = 1 OR cites_1253a1c = 1 OR cites_1253a1d = 1 THEN
        CASE WHEN order_stated = 1 AND order_date <= received_on AND order_ground_1227a = 1 THEN 1 ELSE 3 END
        WHEN cites_1253a1b = 0 AND cites_1253a1c = 0 AND cites_1253a1d = 0 THEN 0 ELSE 3 END,
      CASE cites_1253a1b WHEN 1 THEN CASE WHEN element_demand_on >= order_date AND element_demand_on <= received_on THEN 1 ELSE 3 END WHEN 0 THEN 0 ELSE 3 END,
      CASE cites_1253a1c WHEN 1 THEN CASE WHEN element_act_stated = 1 AND element_act_on <= received_on THEN 1 ELSE 3 END WHEN 0 THEN 0 ELSE 3 END,
      CASE cites_1253a1d WHEN 1 THEN
        CASE WHEN element_place_stated = 1 AND element_report_on >= order_date AND element_report_on < received_on THEN 1 ELSE 3 END WHEN 0 THEN 0 ELSE 3 END,
      CASE cites_1326 WHEN 1 THEN CASE WHEN reentry_date >= prior_removal_date AND reentry_date <= received_on THEN 1 ELSE 3 END WHEN 0 THEN 0 ELSE 3 END
    ) AS R23,
    CASE WHEN reason_stated = 1 THEN 1 ELSE 3 END AS R24_stated,
    CASE WHEN masked_reason IS NULL THEN 0 WHEN reasons.n * 50 <= total.n OR reasons.n <= 19 THEN 1 ELSE 2 END AS R24_shared,
    CASE WHEN purpose_code IS NULL OR purpose_code IN ($fugitive) OR purpose_code IN ($civil) THEN 3 WHEN purpose_code IN ($purposes) THEN 1 ELSE 2 END AS R25,
    CASE WHEN purpose_code IN ($fugitive) THEN 'N-PURPOSE-FUGITIVE' ELSE 'N-PURPOSE-CIVIL' END AS R25_other,
    CASE WHEN officers >= 1 AND engaged_signed = 1 THEN 1 ELSE 3 END AS R26,
    CASE WHEN officers >= 1 THEN 'O-SIG-MISSING' ELSE 'O-NONE' END AS R26_other,
    CASE WHEN officers < 1 THEN 0 WHEN officers >= 1 AND engaged_min_load <= 100 THEN 1 ELSE 2 END AS R27,
    CASE engaged_signed WHEN 0 THEN 0 WHEN 1 THEN CASE WHEN engaged_eligible = 1 AND engaged_trained = 1 THEN 1 ELSE 3 END ELSE 3 END AS R28,
    CASE WHEN engaged_signed = 1 AND engaged_eligible = 1 THEN 'O-TRAINING-EXPIRED' ELSE 'O-INELIGIBLE' END AS R28_other,
    CASE WHEN attest_investigation = 1 AND attest_sole_use = 1 AND attest_no_redisclosure = 1 AND attest_safeguards = 1 AND attest_accuracy = 1
         THEN 1 ELSE 3 END AS R29
  FROM facts CROSS JOIN total LEFT JOIN surnames USING (address_key) LEFT JOIN subjects USING (case_key) LEFT JOIN reasons USING (masked_reason)
)
SELECT ordinal,
  R09, CASE WHEN R09 >= 2 THEN 'N-ELEMENT-INHERITED' END AS R09_reason,
  R11, R11_reason,
  R12, CASE WHEN R12 >= 2 THEN 'P-ADDR-BLANK' END AS R12_reason,
  R13, R13_reason,
  R14, CASE WHEN R14 >= 2 THEN 'P-ADDR-PLACEHOLDER' END AS R14_reason,
  R15, CASE WHEN R15 >= 2 THEN 'P-ADDR-INSTITUTION' END AS R15_reason,
  R16, CASE WHEN R16 >= 2 THEN 'B-ADDR-CLUSTER' END AS R16_reason,
  R17, R17_reason,
  R19, CASE WHEN R19 >= 2 THEN R19_other END AS R19_reason,
  R20, CASE WHEN R20 >= 2 THEN 'N-NO-PROCEEDING' END AS R20_reason,
  R21, CASE WHEN R21 >= 2 THEN 'N-CASE-REUSED' END AS R21_reason,
  R22, CASE WHEN R22 >= 2 THEN R22_other END AS R22_reason,
  R23, CASE WHEN R23 >= 2 THEN 'N-ELEMENTS-MISSING' END AS R23_reason,
  greatest(R24_stated, R24_shared) AS R24,
  CASE WHEN R24_stated = 3 THEN 'N-REASON-MISSING' WHEN R24_shared = 2 THEN 'N-REASON-BOILERPLATE' END AS R24_reason,
  R25, CASE WHEN R25 >= 2 THEN R25_other END AS R25_reason,
  R26, CASE WHEN R26 >= 2 THEN R26_other END AS R26_reason,
  R27, CASE WHEN R27 >= 2 THEN 'O-LOAD-IMPLAUSIBLE' END AS R27_reason,
  R28, CASE WHEN R28 >= 2 THEN R28_other END AS R28_reason,
  R29, CASE WHEN R29 >= 2 THEN 'N-ATTEST-MISSING' END AS R29_reason
FROM r
