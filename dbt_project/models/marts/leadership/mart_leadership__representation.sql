with figures as (
    select
        *,
        lag(total_headcount) over (series) as total_before,
        lead(total_headcount) over (series) as total_after
    from {{ ref('int_leadership__representation') }}
    where product in ('published', 'members')
    window series as (partition by unit_code, source, tier, ethnic_group order by as_at_year)
),

final as (
    select
        figures.unit_code,
        units.unit_name,
        units.unit_level,
        figures.as_at_year,
        figures.source,
        figures.tier,
        tiers.tier_label,
        tiers.tier_order,
        figures.ethnic_group,
        {{ leadership_group_label('figures.ethnic_group', 'groups.ethnic_group_label', 'figures.gm_definition') }}
            as ethnic_group_label,
        groups.ethnic_group_order,
        figures.headcount,
        figures.headcount_status,
        figures.share_of_known_pct,
        figures.share_status,
        figures.share_low_pct,
        figures.share_high_pct,
        figures.gap_to_workforce_points,
        figures.representation_index,
        figures.population_share_pct,
        figures.representation_index_population,
        figures.declaration_rate_pct,
        figures.change_since_2019_points,
        figures.change_low_points,
        figures.change_high_points,
        figures.is_carried_forward,
        figures.gm_definition,
        figures.units_counted,
        figures.units_expected,
        {{ coverage_label('figures.units_counted', 'figures.units_expected') }} as coverage_label,
        figures.is_synthetic,
        {{ leadership_unit_note('figures', 'units', [
            "case when figures.headcount is null and figures.known_headcount = 0 "
            "then 'Nobody''s ethnicity is known in this tier.' end",
            "case when figures.total_headcount = 0 and 0 in (figures.total_before, figures.total_after) "
            "then 'Nobody is reported in this tier for two years or more: probably how posts are coded, not a zero to "
            "chart.' end",
            "case when groups.share_basis = 'known' and figures.known_headcount > 0 "
            "and figures.known_headcount < 0.8 * figures.total_headcount "
            "then 'Ethnicity is known for fewer than 80% of the tier: read its shares with caution.' end"
        ]) }} as note
    from figures
    inner join {{ ref('dim_reporting_unit') }} as units on figures.unit_code = units.unit_code
    inner join {{ ref('leadership_tier_codes') }} as tiers on figures.tier = tiers.tier
    inner join {{ ref('leadership_groups') }} as groups on figures.ethnic_group = groups.ethnic_group
)

select * from final
