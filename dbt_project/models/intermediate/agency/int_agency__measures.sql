{{ config(materialized='table', post_hook='analyze {{ this }}') }}

-- Every measure of each product, from counts as that product may show them. Rates and percentages are made of these
-- alone, so that nothing can be worked out from them that the counts do not say.
with place_quarters as (
    select
        unit_code,
        unit_level,
        period_label,
        period_start,
        period_end,
        units_counted,
        units_expected,
        is_covered,
        authorities_naming_agencies,
        is_synthetic
    from {{ ref('int_agency__place_quarters') }}
),

places as (
    select place_code, unit_code from {{ ref('int_agency__places') }}
),

unit_quarters as (
    select unit_code, period_end, is_returned from {{ ref('int_agency__unit_quarters') }}
),

in_post as (
    select unit_code, period_end, in_post_as_at, in_post_fte from {{ ref('int_agency__in_post') }}
),

counts as (
    select * from {{ ref('int_agency__protected_counts') }}
),

-- A unit without in-post FTE is in neither side of an area's rate. Where its agency FTE is withheld, the rate would
-- give it away.
unit_rates as (
    select
        counts.product,
        counts.unit_code,
        counts.period_end,
        counts.active_fte,
        in_post.in_post_as_at,
        in_post.in_post_fte
    from counts
    inner join unit_quarters
        on counts.unit_code = unit_quarters.unit_code and counts.period_end = unit_quarters.period_end
    inner join in_post
        on counts.unit_code = in_post.unit_code and counts.period_end = in_post.period_end
    where counts.role_type = 'all' and unit_quarters.is_returned
),

rate_inputs as (
    select
        unit_rates.product,
        places.place_code as unit_code,
        unit_rates.period_end,
        max(unit_rates.in_post_as_at) as in_post_as_at,
        sum(unit_rates.in_post_fte) as in_post_fte,
        count(unit_rates.in_post_fte)::integer as units_counted,
        coalesce(sum(unit_rates.active_fte) filter (where unit_rates.in_post_fte is null), 0) as fte_left_out,
        bool_or(unit_rates.in_post_fte is null and unit_rates.active_fte is null) as leaves_out_a_secret
    from unit_rates
    inner join places on unit_rates.unit_code = places.unit_code
    group by unit_rates.product, places.place_code, unit_rates.period_end
),

rates as (
    select
        counts.product,
        counts.unit_code,
        counts.period_end,
        counts.role_type,
        rate_inputs.in_post_as_at,
        coalesce(rate_inputs.units_counted, 0) as units_counted,
        counts.active_fte - rate_inputs.fte_left_out as agency_fte,
        nullif(counts.active_fte - rate_inputs.fte_left_out + rate_inputs.in_post_fte, 0) as divisor,
        case
            when counts.active_at_quarter_end_status is not null then counts.active_at_quarter_end_status
            when counts.active_fte is null then 'x'
            when rate_inputs.units_counted is null then 'x'
            when not {{ is_covered('rate_inputs.units_counted', 'place_quarters.units_expected') }} then 'x'
            when rate_inputs.leaves_out_a_secret then 'c'
        end as input_status
    from counts
    inner join place_quarters
        on counts.unit_code = place_quarters.unit_code and counts.period_end = place_quarters.period_end
    left join rate_inputs
        on
            counts.product = rate_inputs.product
            and counts.unit_code = rate_inputs.unit_code
            and counts.period_end = rate_inputs.period_end
    where counts.role_type = 'all'
),

measured as (
    select
        counts.product,
        counts.unit_code,
        counts.period_end,
        counts.role_type,
        figures.measure,
        figures.value,
        figures.value_status,
        case when figures.measure = 'agency_rate_fte' then rates.in_post_as_at end as in_post_as_at,
        case
            when figures.measure = 'agency_rate_fte' then coalesce(rates.units_counted, 0)
            else place_quarters.units_counted
        end as units_counted
    from counts
    inner join place_quarters
        on counts.unit_code = place_quarters.unit_code and counts.period_end = place_quarters.period_end
    left join rates
        on
            counts.product = rates.product
            and counts.unit_code = rates.unit_code
            and counts.period_end = rates.period_end
            and counts.role_type = rates.role_type
    cross join lateral (
        values
        ('assignments', counts."all", counts.all_status),
        ('active_assignments', counts.active_at_quarter_end, counts.active_at_quarter_end_status),
        -- Nearly everyone has one assignment: who is hidden there is hidden here.
        ('people', counts.people, coalesce(counts.all_status, counts.people_status)),
        (
            'active_fte',
            round(counts.active_fte, 1),
            coalesce(counts.active_at_quarter_end_status, case when counts.active_fte is null then 'x' end)
        ),
        (
            'agency_rate_fte',
            round(100 * rates.agency_fte / rates.divisor, 1),
            {{ rate_status('rates.input_status', 'null', 'rates.divisor') }}
        ),
        ('project_team_assignments', counts.project_team, counts.project_team_status),
        (
            'project_team_pct',
            {{ share_pct('counts.project_team', 'counts."all"') }},
            {{ share_status('counts.project_team_status', 'counts.all_status', 'counts."all"') }}
        ),
        {% for months in [3, 6, 12] %}
            ('over_{{ months }}_months', counts.over_{{ months }}_months, counts.over_{{ months }}_months_status),
            (
                'over_{{ months }}_months_pct',
                {{ share_pct('counts.over_' ~ months ~ '_months', 'counts."all"') }},
                {{ share_status(
                    'counts.over_' ~ months ~ '_months_status', 'counts.all_status', 'counts."all"'
                ) }}
            ),
        {% endfor %}
        (
            'covers_vacancy_pct',
            {{ share_pct('counts.covers_vacancy_yes', 'counts.covers_vacancy_known') }},
            {{ share_status('counts.covers_vacancy_yes_status', 'counts.all_status', 'counts.covers_vacancy_known') }}
        ),
        (
            'monthly_cost_gbp',
            round(counts.quarter_cost_gbp / 3, 2),
            coalesce(counts.all_status, case when counts.quarter_cost_gbp is null then 'x' end)
        ),
        (
            'quarter_cost_gbp',
            round(counts.quarter_cost_gbp, 2),
            coalesce(counts.all_status, case when counts.quarter_cost_gbp is null then 'x' end)
        ),
        -- How many authorities say it, not how many people: no count of a few people to protect.
        (
            'authorities_naming_agencies',
            place_quarters.authorities_naming_agencies,
            case when not place_quarters.is_covered then 'x' end
        )
    ) as figures (measure, value, value_status)
),

registry as (
    select
        measure,
        is_by_role,
        is_by_role_of_units,
        is_for_units,
        is_public
    from {{ ref('agency_measures') }}
),

placed as (
    select
        measured.*,
        place_quarters.unit_level,
        place_quarters.period_label,
        place_quarters.period_start,
        place_quarters.units_expected,
        place_quarters.is_synthetic,
        registry.is_public,
        case
            when place_quarters.unit_level = 'authority'
                then registry.is_for_units and (registry.is_by_role_of_units or measured.role_type = 'all')
            else registry.is_by_role or measured.role_type = 'all'
        end as is_applicable
    from measured
    inner join place_quarters
        on measured.unit_code = place_quarters.unit_code and measured.period_end = place_quarters.period_end
    inner join registry on measured.measure = registry.measure
),

final as (
    select
        product,
        unit_code,
        unit_level,
        period_label,
        period_start,
        period_end,
        role_type,
        measure,
        case when is_applicable and value_status is null then value end as value,
        case when is_applicable then value_status else 'z' end as value_status,
        units_counted,
        units_expected,
        in_post_as_at,
        is_synthetic
    from placed
    where product = 'members' or (is_public and unit_level <> 'authority')
)

select * from final
