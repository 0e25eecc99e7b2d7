-- One row per unit and quarter that counts: assignments as loaded, as judged, and as the outcomes by rule have them.
with loaded as (
    select
        quarters.unit_code,
        quarters.period_label,
        count(assignments.submission_id) as rows_loaded
    from intermediate.int_agency_rules__quarters_returned as quarters
    inner join marts_candidate.dim_reporting_unit as units on quarters.unit_code = units.unit_code
    inner join ledger.current_submissions as submissions
        on
            submissions.collection = 'agency_quarterly'
            and quarters.period_end = submissions.period_end
            and position(submissions.authority_code in units.unit_code) > 0
    left join raw.agency_quarterly__assignment as assignments on submissions.submission_id = assignments.submission_id
    where quarters.is_returned
    group by quarters.unit_code, quarters.period_label
),

judged as (
    select
        unit_code,
        period_label,
        count(*) as outcomes,
        count(distinct rule) as rules
    from intermediate.int_agency__rule_outcomes
    group by unit_code, period_label
),

rules as (
    select count(*) as rules from reference.agency_compliance_rules
    where is_judged
),

final as (
    select
        units.unit_name || ' ' || loaded.period_label as place,
        loaded.rows_loaded * rules.rules as outcomes_expected,
        coalesce(judged.outcomes, 0) as outcomes
    from loaded
    cross join rules
    inner join marts_candidate.dim_reporting_unit as units on loaded.unit_code = units.unit_code
    left join judged on loaded.unit_code = judged.unit_code and loaded.period_label = judged.period_label
)

select * from final
order by place
