with units as (
    select unit_code, unit_name, unit_level
    from {{ ref('dim_reporting_unit') }}
    where unit_level in ('inner_outer', 'london')
),

tiers as (
    select tier, tier_kind, trend_score from {{ ref('leadership_tier_codes') }}
    where tier_kind = 'disparity_level' or trend_score is not null
),

-- One row a tier: both groups side by side.
tier_counts as (
    select
        shown.unit_code,
        shown.as_at_year,
        shown.source,
        shown.tier,
        tiers.tier_kind,
        tiers.trend_score,
        max(shown.headcount) filter (where shown.ethnic_group = 'global_majority') as global_majority,
        max(shown.headcount) filter (where shown.ethnic_group = 'white') as white,
        max(shown.headcount_status) as counts_status,
        min(shown.gm_definition) as gm_definition,
        min(shown.units_counted) as units_counted,
        min(shown.units_expected) as units_expected,
        bool_or(shown.is_synthetic) as is_synthetic
    from {{ ref('int_leadership__headcounts_shown') }} as shown
    inner join tiers on shown.tier = tiers.tier
    inner join units on shown.unit_code = units.unit_code
    where
        shown.product in ('published', 'members')
        and shown.ethnic_group in ('global_majority', 'white')
    group by shown.unit_code, shown.as_at_year, shown.source, shown.tier, tiers.tier_kind, tiers.trend_score
),

levels as (
    select
        unit_code,
        as_at_year,
        source,
        max(global_majority) filter (where tier = 'lower') as gm_lower,
        max(global_majority) filter (where tier = 'middle') as gm_middle,
        max(global_majority) filter (where tier = 'upper') as gm_upper,
        max(white) filter (where tier = 'lower') as white_lower,
        max(white) filter (where tier = 'middle') as white_middle,
        max(white) filter (where tier = 'upper') as white_upper,
        max(counts_status) filter (where tier_kind = 'disparity_level') as levels_status,
        min(global_majority + white) filter (where tier_kind = 'disparity_level') as smallest_level,
        min(least(global_majority, white)) filter (where tier_kind = 'disparity_level') as smallest_count,
        max(counts_status) filter (where trend_score is not null) as roles_status,
        sum(global_majority + white) filter (where trend_score is not null) as people_in_trend,
        min(gm_definition) as gm_definition,
        min(units_counted) as units_counted,
        min(units_expected) as units_expected,
        bool_or(is_synthetic) as is_synthetic
    from tier_counts
    group by unit_code, as_at_year, source
),

trends as (
    select
        unit_code,
        as_at_year,
        source,
        {{ cochran_armitage_z('trend_score', 'global_majority', '(global_majority + white)') }} as trend_z
    from tier_counts
    where trend_score is not null
    group by unit_code, as_at_year, source
),

judged as (
    select
        levels.*,
        trends.trend_z,
        case
            when levels.levels_status is not null then levels.levels_status
            when levels.smallest_level < {{ disclosure_parameter('members', 'minimum_group_for_ratios') }} then 'c'
            when levels.smallest_count = 0 then 'z'
        end as disparity_status,
        case
            when levels.roles_status is not null then levels.roles_status
            when levels.people_in_trend < {{ disclosure_parameter('members', 'minimum_group_for_ratios') }} then 'c'
            when trends.trend_z is null then 'z'
        end as trend_status
    from levels
    inner join trends
        on
            levels.unit_code = trends.unit_code
            and levels.as_at_year = trends.as_at_year
            and levels.source = trends.source
),

final as (
    select
        judged.unit_code,
        units.unit_name,
        units.unit_level,
        judged.as_at_year,
        judged.source,
        case
            when judged.disparity_status is null
                then round((judged.gm_lower / judged.gm_middle) / (judged.white_lower / judged.white_middle), 3)
        end as lower_to_middle,
        case
            when judged.disparity_status is null
                then round((judged.gm_middle / judged.gm_upper) / (judged.white_middle / judged.white_upper), 3)
        end as middle_to_upper,
        case
            when judged.disparity_status is null
                then round((judged.gm_lower / judged.gm_upper) / (judged.white_lower / judged.white_upper), 3)
        end as lower_to_upper,
        judged.disparity_status,
        case when judged.trend_status is null then round(judged.trend_z::numeric, 3) end as trend_z,
        case when judged.trend_status is null then {{ two_sided_p('judged.trend_z') }} end as trend_p,
        judged.trend_status,
        judged.gm_definition,
        judged.units_counted,
        judged.units_expected,
        {{ coverage_label('judged.units_counted', 'judged.units_expected') }} as coverage_label,
        judged.is_synthetic,
        case
            when judged.source = 'returns' and not {{ is_covered('judged.units_counted', 'judged.units_expected') }}
                then 'Too few units returned for a figure of the area.'
            when judged.disparity_status = 'c' or judged.trend_status = 'c'
                then 'A count it needs is withheld, or a level has too few people.'
            when judged.disparity_status = 'z'
                then 'Not calculable: nobody of one of the groups is at one of the levels.'
        end as note
    from judged
    inner join units on judged.unit_code = units.unit_code
)

select * from final
