-- One row per quarter, unit and figure: what the mart shows beside what the raw rows of the returns that count add up to.
-- London beside the sum over the units it says it counts.
with submissions as (
    select
        current_submissions.submission_id,
        current_submissions.period_label,
        coalesce(units.unit_code, current_submissions.authority_code) as unit_code,
        cardinality(string_to_array(current_submissions.authority_code, ' / ')) as authorities
    from ledger.current_submissions
    left join marts_candidate.bridge_authority_reporting_unit as units
        on current_submissions.authority_code = units.authority_code
    where current_submissions.collection = 'ep_workforce'
),

units as (
    select unit_code, unit_short_name, unit_name from reference.reporting_units
    where unit_level in ('authority', 'london')
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

engagements as (
    select
        returned.period_label,
        returned.unit_code,
        count(agency_use.submission_id)::numeric as engagements
    from returned
    inner join submissions
        on returned.period_label = submissions.period_label and returned.unit_code = submissions.unit_code
    left join raw.ep_workforce__agency_use as agency_use on submissions.submission_id = agency_use.submission_id
    group by returned.period_label, returned.unit_code
),

grades_sent as (
    select
        returned.period_label,
        returned.unit_code,
        submissions.submission_id,
        count(distinct establishment.ep_grade) as grades,
        coalesce(sum(establishment.headcount), 0) as headcount,
        coalesce(sum(establishment.fte), 0) as fte,
        coalesce(sum(establishment.vacancies_fte), 0) as vacancy_fte
    from returned
    inner join submissions
        on returned.period_label = submissions.period_label and returned.unit_code = submissions.unit_code
    left join raw.ep_workforce__establishment as establishment
        on submissions.submission_id = establishment.submission_id
    group by returned.period_label, returned.unit_code, submissions.submission_id
),

-- What leaves out a grade is a query of its own.
establishment as (
    select
        period_label,
        unit_code,
        sum(headcount) as headcount,
        sum(fte) as fte,
        sum(vacancy_fte) as vacancy_fte
    from grades_sent
    group by period_label, unit_code
    having min(grades) = (select count(*) from reference.ep_grades)
),

by_unit as (
    select period_label, unit_code, 'engagements' as field, engagements as raw_value from engagements
    union all
    select establishment.period_label, establishment.unit_code, figures.field, figures.raw_value
    from establishment
    cross join
        lateral (
            values
            ('headcount', establishment.headcount::numeric),
            ('fte', establishment.fte),
            ('vacancy_fte', establishment.vacancy_fte)
        ) as figures (field, raw_value)
),

in_raw as (
    select period_label, unit_code, field, raw_value, 1 as units from by_unit
    union all
    select by_unit.period_label, london.unit_code, by_unit.field, sum(by_unit.raw_value), count(*)
    from by_unit
    cross join (select unit_code from reference.reporting_units where unit_level = 'london') as london
    group by by_unit.period_label, london.unit_code, by_unit.field
),

in_mart as (
    select period_label, unit_code, 'engagements' as field, engagements as value, engagements_status as status, units_counted
    from marts_candidate.mart_ep__agency
    where ep_grade = 'all'
    union all
    select
        establishment.period_label,
        establishment.unit_code,
        figures.field,
        figures.value,
        figures.status,
        establishment.units_counted
    from marts_candidate.mart_ep__establishment as establishment
    cross join
        lateral (
            values
            ('headcount', establishment.headcount, establishment.headcount_status),
            ('fte', establishment.fte, establishment.fte_status),
            ('vacancy_fte', establishment.vacancy_fte, establishment.vacancy_fte_status)
        ) as figures (field, value, status)
    where establishment.ep_grade = 'all'
),

final as (
    select
        in_raw.field,
        units.unit_name || ' ' || in_raw.period_label as place,
        in_mart.value - in_raw.raw_value as difference,
        coalesce(in_mart.units_counted, 0) - in_raw.units as units_difference,
        in_mart.unit_code is not null and not (in_raw.units = 1 and in_mart.status = 'x') as is_there
    from in_raw
    inner join units on in_raw.unit_code = units.unit_code
    left join in_mart
        on
            in_raw.period_label = in_mart.period_label
            and in_raw.unit_code = in_mart.unit_code
            and in_raw.field = in_mart.field
)

select * from final
order by place, field
