-- One row per area, year, race equality measure and group whose count the mart shows: the count beside the sum of the rows
-- as sent by units that gave both items in every row of known ethnicity.
-- Each row read once: the planner would look every return up again for every ethnicity code.
with returned as materialized (
    select
        coalesce(authorities.unit_code, submissions.authority_code) as unit_code,
        submissions.period_end,
        representation.ethnic_group,
        representation.headcount,
        representation.shortlisted,
        representation.appointed,
        representation.entered_disciplinary,
        representation.leavers,
        representation.funded_development
    from ledger.current_submissions as submissions
    left join reference.authorities as authorities on submissions.authority_code = authorities.authority_code
    inner join raw.leadership_in_colour__representation as representation
        on submissions.submission_id = representation.submission_id
    where submissions.collection = 'leadership_in_colour'
),

rows_sent as (
    select
        returned.unit_code,
        extract(year from returned.period_end)::integer as as_at_year,
        case when definitions.is_global_majority then 'global_majority' else 'white' end as side,
        returned.headcount,
        returned.shortlisted,
        returned.appointed,
        returned.entered_disciplinary,
        returned.leavers,
        returned.funded_development
    from returned
    inner join reference.global_majority_definitions as definitions
        on
            returned.ethnic_group = definitions.ethnicity_code
            and definitions.definition = (
                select min(gm_definition) from marts_candidate.mart_leadership__race_equality
            )
            and returned.period_end between definitions.valid_from
            and coalesce(definitions.valid_to, date '9999-12-31')
),

items as (
    select
        rows_sent.unit_code,
        rows_sent.as_at_year,
        rows_sent.side,
        measures.measure,
        case measures.measure
            when 'appointed_from_shortlisting' then rows_sent.appointed
            when 'entered_disciplinary' then rows_sent.entered_disciplinary
            when 'leavers' then rows_sent.leavers
            when 'funded_development' then rows_sent.funded_development
        end as happened,
        case measures.measure
            when 'appointed_from_shortlisting' then rows_sent.shortlisted
            else rows_sent.headcount
        end as could_have_happened
    from rows_sent
    cross join reference.race_equality_measures as measures
),

given as (
    select
        *,
        bool_and(happened is not null and could_have_happened is not null) over (
            partition by unit_code, as_at_year, measure
        ) as is_given
    from items
),

sums as materialized (
    select
        areas.area_code,
        given.as_at_year,
        given.measure,
        given.side,
        sum(given.happened) as happened
    from given
    inner join reference.reporting_units as units on given.unit_code = units.unit_code
    cross join lateral (values (units.inner_outer_code), (units.region_code)) as areas (area_code)
    where given.is_given
    group by areas.area_code, given.as_at_year, given.measure, given.side
),

shown as (
    select
        marts.unit_code,
        marts.unit_name,
        marts.as_at_year,
        marts.measure,
        marts.measure_label,
        sides.side,
        sides.people
    from marts_candidate.mart_leadership__race_equality as marts
    cross join lateral (
        values ('global_majority', marts.focus_count), ('white', marts.reference_count)
    ) as sides (side, people)
    where sides.people is not null
),

final as (
    select
        shown.unit_name || ' ' || shown.as_at_year || ', ' || shown.measure_label || ', ' || shown.side as place,
        shown.measure,
        shown.people as shown_people,
        shown.people - coalesce(sums.happened, 0) as difference
    from shown
    left join sums
        on
            shown.unit_code = sums.area_code
            and shown.as_at_year = sums.as_at_year
            and shown.measure = sums.measure
            and shown.side = sums.side
)

select * from final
order by place
