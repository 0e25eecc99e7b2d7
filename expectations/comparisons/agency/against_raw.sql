-- One row per quarter, unit that has sent (and London) and figure: what the mart shows less what the raw rows of the returns
-- that count add up to. Materialised step by step, as the planner would otherwise add up everything once a row.
with submissions as (
    select
        current_submissions.submission_id,
        current_submissions.period_label,
        current_submissions.period_end,
        coalesce(units.unit_code, current_submissions.authority_code) as unit_code,
        cardinality(string_to_array(current_submissions.authority_code, ' / ')) as authorities
    from ledger.current_submissions
    left join marts_candidate.bridge_authority_reporting_unit as units
        on current_submissions.authority_code = units.authority_code
    where current_submissions.collection = 'agency_quarterly'
),

members as (
    select unit_code, max(authorities_in_unit) as authorities_in_unit
    from marts_candidate.bridge_authority_reporting_unit
    group by unit_code
),

returned as (
    select submissions.period_label, submissions.unit_code
    from submissions
    inner join members on submissions.unit_code = members.unit_code
    group by submissions.period_label, submissions.unit_code, members.authorities_in_unit
    having sum(submissions.authorities) >= members.authorities_in_unit
),

counting as materialized (
    select
        submissions.submission_id,
        submissions.period_label,
        submissions.period_end,
        submissions.unit_code
    from submissions
    inner join returned
        on submissions.period_label = returned.period_label and submissions.unit_code = returned.unit_code
),

costs as materialized (
    select
        counting.period_label,
        counting.unit_code,
        sum(stated.month_1_cost + stated.month_2_cost + stated.month_3_cost) as quarter_cost_gbp
    from counting
    left join raw.agency_quarterly__authority_quarter as stated on counting.submission_id = stated.submission_id
    group by counting.period_label, counting.unit_code
),

assignments as materialized (
    select
        counting.period_label,
        counting.unit_code,
        assignments.swe_number,
        assignments.submission_id is not null as is_there,
        assignments.submission_id is not null
        and (assignments.end_date is null or assignments.end_date >= counting.period_end) as is_active,
        assignments.fte
    from counting
    left join raw.agency_quarterly__assignment as assignments on counting.submission_id = assignments.submission_id
),

places as (
    select unit_code as place_code, unit_code from returned
    union
    select 'E12000007' as place_code, unit_code from returned
),

sums as materialized (
    select
        places.place_code,
        assignments.period_label,
        count(*) filter (where assignments.is_there) as assignments,
        count(*) filter (where assignments.is_active) as active_assignments,
        count(distinct assignments.swe_number) as people,
        coalesce(sum(assignments.fte) filter (where assignments.is_active), 0) as active_fte
    from assignments
    inner join places on assignments.unit_code = places.unit_code
    group by places.place_code, assignments.period_label
),

cost_sums as materialized (
    select
        places.place_code,
        costs.period_label,
        sum(costs.quarter_cost_gbp) as quarter_cost_gbp
    from costs
    inner join places on costs.unit_code = places.unit_code
    group by places.place_code, costs.period_label
),

figures as (
    select
        sums.place_code,
        sums.period_label,
        figures.measure,
        figures.value
    from sums
    inner join cost_sums
        on sums.place_code = cost_sums.place_code and sums.period_label = cost_sums.period_label
    cross join lateral (
        values
        ('assignments', sums.assignments::numeric),
        ('active_assignments', sums.active_assignments),
        ('people', sums.people),
        ('active_fte', round(sums.active_fte, 1)),
        ('quarter_cost_gbp', round(cost_sums.quarter_cost_gbp, 2))
    ) as figures (measure, value)
),

final as (
    select
        figures.measure as field,
        coalesce(units.unit_name, figures.place_code) || ' ' || figures.period_label as place,
        marts.unit_code is not null and (marts.value_status is distinct from 'x' or units.unit_level = 'london')
            as is_there,
        marts.value - figures.value as difference
    from figures
    left join reference.reporting_units as units on figures.place_code = units.unit_code
    left join marts_candidate.mart_agency__measures as marts
        on
            figures.place_code = marts.unit_code
            and figures.period_label = marts.period_label
            and figures.measure = marts.measure
            and marts.role_type = 'all'
)

select * from final
order by field, place
