-- One row per unit or area, year, tier and group that the mart shows from returns: the headcount beside the sum of the rows
-- as sent. A unit is in it when all its authorities have returned.
with submissions as (
    select
        submission_id,
        authority_code,
        period_end,
        extract(year from period_end)::integer as as_at_year
    from ledger.current_submissions
    where collection = 'leadership_in_colour'
),

units as (
    select
        unit_code,
        inner_outer_code,
        region_code,
        cardinality(string_to_array(unit_code, ' / ')) as authorities_in_unit
    from reference.reporting_units
    where unit_level = 'authority'
),

senders as (
    select
        submissions.submission_id,
        submissions.period_end,
        submissions.as_at_year,
        units.unit_code,
        units.inner_outer_code,
        units.region_code,
        units.authorities_in_unit,
        sum(cardinality(string_to_array(submissions.authority_code, ' / '))) over (
            partition by units.unit_code, submissions.as_at_year
        ) as authorities_received
    from submissions
    left join reference.authorities as authorities on submissions.authority_code = authorities.authority_code
    inner join units on coalesce(authorities.unit_code, submissions.authority_code) = units.unit_code
),

rows_sent as (
    select
        senders.as_at_year,
        areas.area_code,
        tiers.role,
        returned.headcount,
        codes.is_known,
        definitions.definition,
        definitions.is_global_majority
    from senders
    cross join lateral (
        values (senders.unit_code), (senders.inner_outer_code), (senders.region_code)
    ) as areas (area_code)
    inner join raw.leadership_in_colour__representation as returned on senders.submission_id = returned.submission_id
    inner join reference.leadership_tiers as tiers on returned.tier = tiers.tier
    inner join reference.ethnicity_codes as codes on returned.ethnic_group = codes.ethnicity_code
    left join reference.global_majority_definitions as definitions
        on
            returned.ethnic_group = definitions.ethnicity_code
            and definitions.definition = (
                select min(gm_definition) from marts_candidate.mart_leadership__representation where source = 'returns'
            )
            and senders.period_end between definitions.valid_from
            and coalesce(definitions.valid_to, date '9999-12-31')
    where senders.authorities_received >= senders.authorities_in_unit
),

sums as (
    select
        rows_sent.area_code,
        rows_sent.as_at_year,
        members.tier,
        sum(rows_sent.headcount) as total,
        coalesce(sum(rows_sent.headcount) filter (where rows_sent.is_known), 0) as known,
        coalesce(sum(rows_sent.headcount) filter (where rows_sent.is_global_majority), 0) as global_majority,
        coalesce(sum(rows_sent.headcount) filter (where not rows_sent.is_global_majority), 0) as white
    from rows_sent
    inner join reference.leadership_tier_members as members on rows_sent.role = members.role
    group by rows_sent.area_code, rows_sent.as_at_year, members.tier
),

final as (
    select
        shown.unit_name || ' ' || shown.as_at_year || ', ' || shown.tier_label || ', ' || shown.ethnic_group_label
            as place,
        shown.unit_level,
        shown.headcount as shown_headcount,
        shown.headcount - coalesce(
            case shown.ethnic_group
                when 'total' then sums.total
                when 'known' then sums.known
                when 'not_known' then sums.total - sums.known
                when 'global_majority' then sums.global_majority
                when 'white' then sums.white
            end, 0
        ) as difference
    from marts_candidate.mart_leadership__representation as shown
    left join sums
        on
            shown.unit_code = sums.area_code
            and shown.as_at_year = sums.as_at_year
            and shown.tier = sums.tier
    where
        shown.source = 'returns'
        and shown.headcount is not null
        and shown.ethnic_group in ('total', 'known', 'not_known', 'white', 'global_majority')
)

select * from final
order by place
